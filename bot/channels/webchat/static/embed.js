/* Nirtatap on a city's site:
 *   <script src="https://<nirtatap>/webchat.js" defer></script>
 * Attributes (all optional): data-posisi="kanan|kiri", data-warna="#0b4f55", data-label="Tanya Nirtatap",
 * data-judul="Nirtatap". See docs/webchat.md. Styles are set through element.style inside a shadow
 * root, so neither a strict CSP nor the site's own style sheet gets in the way. */
(function () {
  'use strict';
  if (window.__nirtatapWebchat) return;
  const script = document.currentScript || document.querySelector('script[src*="/webchat.js"]');
  if (!script || !script.src) return;
  window.__nirtatapWebchat = true;

  const option = (name, other) => (script.getAttribute('data-' + name) || '').trim() || other;
  const address = new URL('/?embed=1', script.src).href;
  const side = option('posisi', 'kanan') === 'kiri' ? 'left' : 'right';
  const title = option('judul', 'Nirtatap');
  const label = option('label', '');
  const NAME = 'Buka obrolan layanan kota';
  const SVG = 'http://www.w3.org/2000/svg';

  let colour = option('warna', '#0b4f55');
  if (!/^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(colour)) colour = '#0b4f55';
  // White or black, whichever is easier to read on the site's colour.
  const luminance = () => {
    const hex = colour.length === 4 ? colour.replace(/[0-9a-f]/gi, '$&$&') : colour;
    const [r, g, b] = [1, 3, 5].map((i) => {
      const c = parseInt(hex.slice(i, i + 2), 16) / 255;
      return c <= 0.03928 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ink = luminance() > 0.179 ? '#000000' : '#ffffff';

  const make = (tag, style, attributes) => {
    const node = document.createElement(tag);
    Object.assign(node.style, style || {});
    Object.keys(attributes || {}).forEach((name) => node.setAttribute(name, attributes[name]));
    return node;
  };
  const icon = (size, d) => {
    const svg = document.createElementNS(SVG, 'svg');
    const shape = { viewBox: '0 0 24 24', width: size, height: size, fill: 'none', stroke: 'currentColor', 'stroke-width': 2, 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true', focusable: 'false' };
    Object.keys(shape).forEach((name) => svg.setAttribute(name, shape[name]));
    const path = svg.appendChild(document.createElementNS(SVG, 'path'));
    path.setAttribute('d', d);
    svg.style.display = 'block';
    svg.style.flex = 'none';
    return svg;
  };
  const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';

  function start() {
    const host = make('div', { all: 'initial', position: 'static' }, { id: 'nirtatap-webchat', lang: 'id' });
    const root = host.attachShadow({ mode: 'open' });
    const launcher = root.appendChild(make('button', {
      position: 'fixed', bottom: '20px', zIndex: '2147483000', display: 'flex', alignItems: 'center', justifyContent: 'center',
      minWidth: '60px', height: '60px', padding: label ? '0 22px 0 18px' : '0', border: '2px solid #ffffff', borderRadius: '30px', margin: '0',
      background: colour, color: ink, font: '600 16px/1.2 ' + FONT, cursor: 'pointer', boxShadow: '0 4px 16px rgba(0,0,0,.28)',
    }, { type: 'button', 'aria-label': label ? label + ' (' + NAME.toLowerCase() + ')' : NAME, 'aria-expanded': 'false', 'aria-haspopup': 'dialog' }));
    launcher.style[side] = '20px';
    launcher.appendChild(icon(28, 'M4 5h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1h-8l-5 4v-4H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM8 9.5h8M8 13h5'));
    if (label) {
      const words = launcher.appendChild(make('span', { marginLeft: '10px' }));
      words.textContent = label;
    }

    let panel = null;
    let frame = null;
    let close = null;
    let loaded = false;
    let edges = [];
    let isOpen = false;
    let overflow = '';
    const small = window.matchMedia('(max-width: 600px), (max-height: 460px)');

    function build() {
      panel = make('div', {
        position: 'fixed', zIndex: '2147483001', display: 'none', flexDirection: 'column', overflow: 'hidden', boxSizing: 'border-box',
        background: '#ffffff', boxShadow: '0 10px 40px rgba(0,0,0,.34)', font: '400 16px/1.4 ' + FONT,
      }, { role: 'dialog', 'aria-label': 'Obrolan layanan kota' });
      const bar = panel.appendChild(make('div', {
        flex: 'none', display: 'flex', alignItems: 'center', minHeight: '56px', paddingLeft: '16px', paddingRight: '4px', background: colour, color: ink,
      }));
      const name = bar.appendChild(make('div', { flex: '1 1 auto', minWidth: '0', font: '700 17px/1.3 ' + FONT, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }));
      name.textContent = title;
      close = bar.appendChild(make('button', {
        flex: 'none', width: '48px', height: '48px', margin: '0', padding: '12px', border: '0', borderRadius: '12px', background: 'transparent', color: ink, cursor: 'pointer',
      }, { type: 'button', 'aria-label': 'Tutup obrolan' }));
      close.appendChild(icon(24, 'M6 6l12 12M18 6 6 18'));
      close.addEventListener('click', hide);
      close.addEventListener('focus', () => { close.style.outline = '3px solid ' + ink; close.style.outlineOffset = '-5px'; });
      close.addEventListener('blur', () => { close.style.outline = ''; });
      frame = panel.appendChild(make('iframe', { flex: '1 1 auto', width: '100%', minHeight: '0', border: '0', display: 'block' }, {
        title: 'Obrolan layanan kota', src: address, referrerpolicy: 'no-referrer',
      }));
      // Focus given to a frame before its page is there is lost: it waits on the close button.
      frame.addEventListener('load', () => {
        if (!loaded && isOpen && root.activeElement === close) frame.focus();
        loaded = true;
      });
      // On a phone the panel is the whole window: focus goes round inside it.
      edges = [() => frame.focus(), () => close.focus()].map((to) => {
        const edge = make('div', { position: 'absolute', width: '1px', height: '1px', overflow: 'hidden' }, { 'aria-hidden': 'true' });
        edge.addEventListener('focus', to);
        return edge;
      });
      panel.insertBefore(edges[0], panel.firstChild);
      panel.appendChild(edges[1]);
      panel.addEventListener('keydown', escape);
      root.appendChild(panel);
    }
    const escape = (event) => {
      if (event.key === 'Escape' && isOpen) {
        event.stopPropagation();
        hide();
      }
    };
    function place() {
      if (!panel) return;
      const full = small.matches;
      Object.assign(panel.style, full
        ? { top: '0', right: '0', bottom: '0', left: '0', width: 'auto', height: 'auto', maxHeight: 'none', borderRadius: '0' }
        : { top: 'auto', bottom: '20px', left: 'auto', right: 'auto', width: '400px', height: '660px', maxHeight: 'calc(100vh - 40px)', borderRadius: '18px' });
      if (!full) panel.style[side] = '20px';
      edges.forEach((edge) => (full ? edge.setAttribute('tabindex', '0') : edge.removeAttribute('tabindex')));
      if (full) panel.setAttribute('aria-modal', 'true');
      else panel.removeAttribute('aria-modal');
      if (isOpen) document.documentElement.style.overflow = full ? 'hidden' : overflow;
    }
    function show() {
      if (!panel) build();
      isOpen = true;
      overflow = document.documentElement.style.overflow;
      place();
      panel.style.display = 'flex';
      launcher.style.display = 'none';
      launcher.setAttribute('aria-expanded', 'true');
      (loaded ? frame : close).focus();
    }
    function hide() {
      isOpen = false;
      panel.style.display = 'none';
      launcher.style.display = 'flex';
      launcher.setAttribute('aria-expanded', 'false');
      document.documentElement.style.overflow = overflow;
      launcher.focus();
    }
    launcher.addEventListener('click', show);
    if (small.addEventListener) small.addEventListener('change', place);
    else small.addListener(place);
    window.addEventListener('message', (event) => {
      if (isOpen && frame && event.source === frame.contentWindow && event.data === 'nirtatap:close') hide();
    });
    document.body.appendChild(host);
  }

  if (document.body) start();
  else document.addEventListener('DOMContentLoaded', start);
})();
