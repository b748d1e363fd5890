/* Nirtatap's web chat page: an ES2017 module, no framework, no build step.
 *
 * One object in localStorage is the truth (session, messages, what waits to be sent); every
 * change goes through `change`, and `render` shows what is there. So a reload, a second tab and
 * a message that is sent twice all end in the same picture. */
const KEY = 'nirtatap.v1';
const MOST = 200; // messages kept on this device
const LONGEST = 2000; // characters of one message
const POST_TIMEOUT = 15000;
const GIVE_UP = 20000; // ms without an answer before the typing dots end
const PROBE = 8000; // ms without an answer before the stream itself is doubted
const SLOWEST = 30000; // ms between two attempts at most
const EXAMPLES = [
  'KTP saya hilang',
  'Bikin akta lahir syaratnya apa?',
  'Lampu jalan mati, lapor ke mana?',
  'Cara bayar PBB',
  'Bicara dengan petugas',
];
const GREETING = 'Halo! Saya *Nirtatap*, asisten otomatis layanan kota. Tanyakan syarat, biaya, cara, atau tempat mengurus layanan ' +
  'semua dinas dengan kata-kata sendiri.\n\nDemi keamanan, jangan kirim NIK atau nomor KK di sini.';

const $ = (id) => document.getElementById(id);
const el = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};
const query = new URLSearchParams(location.search);
const embedded = query.get('embed') === '1';
const finePointer = !(window.matchMedia && matchMedia('(pointer: coarse)').matches);

/* ---------- what is kept on this device ---------- */

let storage = null;
try {
  storage = window.localStorage;
  storage.setItem(KEY + '.test', '1');
  storage.removeItem(KEY + '.test');
} catch (e) {
  storage = null; // blocked: this tab remembers, the device does not
}

const random = (bytes) => {
  const values = crypto.getRandomValues(new Uint8Array(bytes));
  return btoa(String.fromCharCode.apply(null, values)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
};
const uuid = () => {
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 15) | 64;
  b[8] = (b[8] & 63) | 128;
  const hex = Array.from(b, (n) => (n + 256).toString(16).slice(1)).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};
// `run` names one numbering of replies: a new session, or a server that counts from 1 again.
const fresh = (old) => ({ session: random(32), run: random(6), last: 0, log: [], large: Boolean(old && old.large) });

let state = null;
let raw = null;
const load = () => {
  if (storage) {
    try {
      const now = storage.getItem(KEY);
      if (now !== null && now !== raw) {
        const data = JSON.parse(now);
        if (typeof data.session === 'string' && data.session.length >= 22 && Array.isArray(data.log)) {
          state = data;
          raw = now;
        }
      }
    } catch (e) { /* unreadable: what this tab knows stands */ }
  }
  if (!state) state = fresh();
  return state;
};
const save = () => {
  const waits = (m) => m.mine && (m.state === 'queued' || m.state === 'failed');
  let surplus = state.log.length - MOST;
  if (surplus > 0) state.log = state.log.filter((m) => surplus-- <= 0 || waits(m));
  if (!storage) return;
  for (const keep of [MOST, 40, 0]) {
    try {
      if (keep < MOST) state.log = state.log.filter((m, i) => i >= state.log.length - keep || waits(m));
      raw = JSON.stringify(state);
      storage.setItem(KEY, raw);
      return;
    } catch (e) { /* full: try with fewer */ }
  }
};
const change = (work) => {
  load();
  work(state);
  save();
  render();
};
const find = (id) => load().log.find((m) => m.id === id);
const set = (id, values) => change(() => {
  const m = find(id);
  if (m && m.state !== 'sent') Object.assign(m, values);
});

/* ---------- text to nodes, never through HTML ---------- */

const TOKEN = new RegExp([
  '(https?:\\/\\/[^\\s<>"“”]+)',
  '(tel:\\+?\\d[\\d-]{1,18})',
  '((?:[a-z0-9][a-z0-9-]*\\.)+id(?![\\w.-]*@)(?![\\w-])(?:\\/[^\\s<>"“”]*)?)',
  '(\\+62[ -]?\\d{2,3}[ -]?\\d{3,4}(?:[ -]?\\d{2,5}){0,2}|\\(0\\d{2,3}\\)[ -]?\\d{3,4}[ -]?\\d{2,5}|0[2-9]\\d{1,2}[ -]?\\d{3,4}(?:[ -]?\\d{2,5}){0,2})',
  '(11[0239])',
  '\\*([^\\s*](?:[^*\\n]*[^\\s*])?)\\*',
  '_([^\\s_](?:[^_\\n]*[^\\s_])?)_',
].join('|'), 'gi');
const EMERGENCY = /(telepon|hubungi|panggil|ambulans|polisi|damkar|pemadam|kebakaran|darurat|call|center|nomor|ke|atau)[\s:*]*$/i;
const WORD = /[0-9A-Za-zÀ-ɏ]/;

const safeUrl = (value) => {
  try {
    const url = new URL(value, location.href);
    return /^(https?|tel|mailto):$/.test(url.protocol) ? url : null;
  } catch (e) {
    return null;
  }
};
const anchor = (text, href) => {
  const a = el('a');
  a.href = href;
  if (/^http/.test(href)) {
    a.target = '_blank';
    a.rel = 'noopener noreferrer';
    // A long address breaks at its joints.
    (text.match(/[^\/.?&=]+[\/.?&=]*|[\/.?&=]+/g) || []).forEach((part, i) => {
      if (i) a.appendChild(el('wbr'));
      a.appendChild(document.createTextNode(part));
    });
  } else a.textContent = text;
  return a;
};
function inline(parent, text, lead) {
  const token = new RegExp(TOKEN.source, TOKEN.flags);
  let plain = 0;
  let match;
  while ((match = token.exec(text))) {
    const at = match.index;
    let end = at + match[0].length;
    const before = at ? text[at - 1] : '';
    const free = !WORD.test(before);
    let node = null;
    if (match[1] || (match[3] && free && !/[@./_-]/.test(before))) {
      const shown = match[0].replace(/[.,;:!?'*_…]+$/, '').replace(/^([^(]*)\)+$/, '$1').replace(/[.,;:!?]+$/, '');
      const url = safeUrl(match[1] ? shown : 'https://' + shown);
      if (url) {
        node = anchor(shown, url.href);
        end = at + shown.length;
      }
    } else if (match[2] && free) {
      node = anchor(match[2].slice(4), match[2]);
    } else if (match[4] && free && !/[.,/-]/.test(before) && !/\d/.test(text[end] || '')) {
      const digits = match[4].replace(/[^\d+]/g, '');
      if (digits.length >= 9 && digits.length <= 15) node = anchor(match[4], 'tel:' + digits);
    } else if (match[5] && free && !/[.,/-]/.test(before) && !/^(\d|[.,/-]\d)/.test(text.slice(end)) && EMERGENCY.test((lead || '') + text.slice(0, at))) {
      node = anchor(match[5], 'tel:' + match[5]);
    } else if ((match[6] || match[7]) && free && !WORD.test(text[end] || '')) {
      node = inline(el(match[6] ? 'strong' : 'em'), match[6] || match[7], text.slice(0, at));
    }
    if (!node) {
      // Not what it looked like: go on behind its first character, or behind all its digits.
      if (!match[4] && !match[5] && !match[3]) token.lastIndex = at + 1;
      continue;
    }
    parent.appendChild(document.createTextNode(text.slice(plain, at)));
    parent.appendChild(node);
    plain = token.lastIndex = end;
  }
  parent.appendChild(document.createTextNode(text.slice(plain)));
  return parent;
}
function rich(parent, text) {
  let block = null;
  let gap = false;
  for (const line of text.split(/\r?\n/)) {
    if (!line.trim()) {
      block = null;
      gap = parent.childNodes.length > 0;
      continue;
    }
    const item = /^\s*(?:[•‣·*-]|(\d{1,3})[.)])\s+(\S.*)$/.exec(line);
    const tag = item ? (item[1] ? 'OL' : 'UL') : 'P';
    if (!block || block.tagName !== tag) {
      block = parent.appendChild(el(tag, gap ? 'gap' : ''));
      gap = false;
    } else if (!item) {
      block.appendChild(el('br'));
    }
    if (item) {
      const li = block.appendChild(inline(el('li'), item[2]));
      if (item[1]) li.value = Number(item[1]);
    } else {
      inline(block, line.trim());
    }
  }
  return parent;
}

/* ---------- showing the messages ---------- */

const log = $('log');
const scroll = $('scroll');
const shown = new Map(); // message id -> its nodes
let target = 0; // where we scrolled to last
let refused = 'network'; // why the oldest waiting message still waits

const clock = (at) => {
  const d = new Date(at);
  return ('0' + d.getHours()).slice(-2) + '.' + ('0' + d.getMinutes()).slice(-2);
};
const MONTHS = 'Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember'.split(' ');
const dayName = (at) => {
  const d = new Date(at);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 864e5);
  return days === 0 ? 'Hari ini' : days === 1 ? 'Kemarin' : d.getDate() + ' ' + MONTHS[d.getMonth()] + ' ' + d.getFullYear();
};
const chips = (buttons, press) => {
  const list = el('ul', 'chips');
  for (const button of buttons) {
    const b = list.appendChild(el('li')).appendChild(el('button', '', button.title));
    b.type = 'button';
    b.addEventListener('click', () => press(button, b));
  }
  return list;
};
const enable = (list, on, chosen) => {
  Array.from(list.querySelectorAll('button')).forEach((b, i) => {
    b.disabled = !on;
    b.className = chosen === i ? 'chosen' : '';
  });
};
function build(message) {
  const node = el('div', message.mine ? 'msg mine' : 'msg theirs');
  node.dataset.id = message.id;
  const bubble = node.appendChild(el('div', 'bubble'));
  bubble.appendChild(el('span', 'sr', message.mine ? 'Anda: ' : 'Nirtatap: '));
  const text = bubble.appendChild(el('div', 'text'));
  if (message.mine) text.textContent = message.text;
  else rich(text, message.text || '');
  const url = message.link && safeUrl(message.link.url);
  if (url) {
    const go = anchor(String(message.link.title || url.href), url.href);
    go.className = 'go';
    bubble.appendChild(go);
  }
  const parts = { node, text };
  if (message.at) parts.meta = node.appendChild(el('p', 'meta'));
  if (message.buttons && message.buttons.length) {
    parts.chips = node.appendChild(chips(message.buttons, (button, b) => {
      const i = message.buttons.indexOf(button);
      leave(b);
      change((s) => {
        const m = find(message.id);
        if (m && m.chosen === undefined) {
          m.chosen = i;
          add(s, button.title, button.payload);
        }
      });
      toEnd();
      pump();
    }));
  }
  return parts;
}
// A pressed chip is disabled at once; keyboard users go on in the composer, without opening a phone's keyboard.
const leave = (b) => {
  if (document.activeElement === b) (finePointer ? $('text') : scroll).focus({ preventScroll: true });
};
const STATES = { sent: 'terkirim', dropped: 'tidak dikirim' };
function refresh(message, parts) {
  if (message.mine && parts.text.textContent !== message.text) parts.text.textContent = message.text;
  let word = '';
  if (message.mine) {
    word = STATES[message.state];
    if (message.state === 'queued') {
      word = !message.tries ? 'mengirim…' : refused === 'busy' ? 'menunggu giliran…' : 'menunggu jaringan…';
    } else if (message.state === 'failed') word = 'gagal: ' + (message.why || 'belum dapat dikirim.');
  }
  const line = clock(message.at) + (word ? ' · ' + word : '');
  if (parts.meta.textContent !== line) parts.meta.textContent = line;
  parts.meta.className = message.state === 'failed' ? 'meta bad' : 'meta';
  if (message.state === 'failed' && !parts.again) {
    const again = (parts.again = parts.node.appendChild(el('button', 'again', 'Kirim ulang')));
    again.type = 'button';
    again.addEventListener('click', () => {
      leave(again);
      set(message.id, { state: 'queued', tries: 0 });
      delay = 0;
      pump();
    });
  } else if (message.state !== 'failed' && parts.again) {
    parts.again.remove();
    parts.again = null;
  }
}
function active(messages) {
  // The chips of the newest answer; what the resident has written since does not hide them.
  let i = messages.length - 1;
  while (i >= 0 && messages[i].mine) i--;
  for (; i >= 0 && !messages[i].mine && messages[i].kind !== 'divider'; i--) {
    if (messages[i].buttons && messages[i].buttons.length) return messages[i].chosen === undefined ? messages[i].id : null;
  }
  return null;
}
function render() {
  const s = state;
  const list = [];
  const greeting = { id: 'greeting', text: GREETING };
  let day = '';
  const start = s.log.map((m) => m.kind).lastIndexOf('divider');
  s.log.forEach((m, i) => {
    if (m.at && dayName(m.at) !== day && m.kind !== 'divider') {
      day = dayName(m.at);
      list.push({ id: 'day:' + m.id, kind: 'day', text: day });
    }
    list.push(m);
    if (i === start) list.push(greeting);
  });
  if (start < 0 && s.log.length < MOST) list.unshift(greeting);

  const wanted = new Set(list.map((m) => m.id));
  shown.forEach((parts, id) => {
    if (!wanted.has(id)) {
      parts.node.remove();
      shown.delete(id);
    }
  });
  const wasNear = near();
  let cursor = log.firstChild;
  let news = null;
  for (const m of list) {
    let parts = shown.get(m.id);
    if (!parts) {
      parts = m.kind === 'day' || m.kind === 'divider' ? { node: el('p', 'day', m.text) } : build(m);
      if (m === greeting) {
        parts.chips = parts.node.appendChild(chips(EXAMPLES.map((title) => ({ title })), (button, b) => {
          leave(b);
          send(button.title);
        }));
      }
      shown.set(m.id, parts);
      if (!m.mine && m.seq) news = news || parts.node;
    }
    if (parts.node !== cursor) log.insertBefore(parts.node, cursor);
    else cursor = cursor.nextSibling;
    if (parts.meta) refresh(m, parts);
  }
  const on = active(s.log);
  const said = s.log.length > start + 1;
  for (const m of list) {
    const parts = shown.get(m.id);
    if (parts.chips) enable(parts.chips, m === greeting ? !said : m.id === on, m.chosen);
  }
  document.documentElement.classList.toggle('large', Boolean(s.large));
  $('large-text').setAttribute('aria-pressed', String(Boolean(s.large)));
  if (news) arrived(news, wasNear);
}

const near = () => {
  const rest = scroll.scrollHeight - scroll.clientHeight - scroll.scrollTop;
  return rest < 80 || Math.abs(scroll.scrollTop - target) < 4;
};
const scrollTo = (y) => {
  scroll.scrollTop = y;
  target = scroll.scrollTop;
  jumpState();
};
const toEnd = () => scrollTo(state.log.length ? scroll.scrollHeight : 0);
// A long card is read from its beginning: the question stays at the top of the window.
const toAnswer = () => {
  const mine = log.querySelectorAll('.mine');
  const last = mine[mine.length - 1];
  scrollTo(last ? Math.min(scroll.scrollHeight, last.offsetTop - 8) : scroll.scrollHeight);
};
let unseen = false;
let atEnd = true;
function arrived(node, wasNear) {
  if (document.hidden) document.title = '(1) Nirtatap · Asisten layanan kota';
  if (wasNear) toAnswer();
  else unseen = true;
  jumpState();
}
function jumpState() {
  const rest = scroll.scrollHeight - scroll.clientHeight - scroll.scrollTop;
  atEnd = rest < 80;
  unseen = unseen && !atEnd;
  $('jump').hidden = atEnd;
  $('jump-text').className = unseen ? '' : 'sr';
  $('jump-text').textContent = unseen ? 'Pesan baru' : 'Ke pesan terbaru';
}
scroll.addEventListener('scroll', jumpState, { passive: true });
$('jump').addEventListener('click', () => {
  toEnd();
  scroll.focus({ preventScroll: true });
});

/* ---------- notices, typing dots ---------- */

const notices = {};
function notice(key, text) {
  if (text) notices[key] = text;
  else delete notices[key];
  const line = notices.stream || notices.send || notices.storage || '';
  if ($('notice').textContent !== line) $('notice').textContent = line;
  $('notice').className = line ? 'notice on' : 'notice';
}

let awaited = 0; // messages on their way without an answer yet
let giveUpTimer = 0;
let probeTimer = 0;
function typing(mode) {
  const box = $('typing');
  if (box.dataset.mode === mode) return;
  const wasNear = near();
  box.dataset.mode = mode;
  box.textContent = '';
  if (mode === 'dots') {
    const dots = box.appendChild(el('span', 'dots'));
    for (let i = 0; i < 3; i++) dots.appendChild(el('i'));
    dots.setAttribute('aria-hidden', 'true');
    box.appendChild(el('span', 'sr', 'Nirtatap sedang menulis'));
  } else if (mode === 'late') {
    box.textContent = 'Jawaban belum datang; pesan Anda tersimpan dan akan dijawab.';
  }
  if (wasNear && mode) toEnd();
}
function expectAnswer() {
  awaited++;
  typing('dots');
}
function answered() {
  awaited = Math.max(0, awaited - 1);
  if (awaited) return;
  clearTimeout(giveUpTimer);
  clearTimeout(probeTimer);
  typing('');
}
function notGoing() {
  awaited = Math.max(0, awaited - 1);
  if (!awaited) typing('');
}
function accepted() {
  if (!awaited) return;
  clearTimeout(giveUpTimer);
  clearTimeout(probeTimer);
  giveUpTimer = setTimeout(() => {
    awaited = 0;
    typing('late');
  }, GIVE_UP);
  probeTimer = setTimeout(probe, PROBE);
}

/* ---------- sending: the oldest waiting message, until the server has it ---------- */

let sending = false;
let delay = 0;
let pumpTimer = 0;

function add(s, text, payload) {
  const message = { id: uuid(), mine: true, text, at: Date.now(), state: 'queued', tries: 0 };
  if (payload !== undefined) message.payload = payload;
  s.log.push(message);
  return message;
}
function send(text) {
  change((s) => add(s, text));
  toEnd();
  pump();
}
const sleep = (ms) => {
  clearTimeout(pumpTimer);
  pumpTimer = setTimeout(pump, ms);
};
async function post(message, session) {
  const body = { session, id: message.id };
  if (message.payload !== undefined) body.payload = message.payload;
  else body.text = message.text;
  const stop = typeof AbortController === 'function' ? new AbortController() : null;
  const timer = stop && setTimeout(() => stop.abort(), POST_TIMEOUT);
  try {
    return await fetch('/webchat/messages', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      signal: stop ? stop.signal : undefined,
    });
  } catch (e) {
    return null; // no network, a timeout, or a portal that redirects
  } finally {
    clearTimeout(timer);
  }
}
async function pump() {
  clearTimeout(pumpTimer);
  if (sending) return;
  const message = load().log.find((m) => m.mine && m.state === 'queued');
  if (!message) {
    notice('send', '');
    return;
  }
  sending = true;
  const session = state.session;
  connect();
  expectAnswer();
  const response = await post(message, session);
  sending = false;
  outcome(message.id, response);
}
function outcome(id, response) {
  const status = response ? response.status : 0;
  if (status === 202) {
    delay = 0;
    // The server masks identity numbers; this device does not keep them either.
    const m = find(id);
    const text = m ? m.text.replace(/(^|\D)((?:\d[ .\-\u00a0]?){15}\d)(?!\d)/g, '$1[nomor disamarkan]') : '';
    set(id, { state: 'sent', text });
    notice('send', '');
    accepted();
    pump();
    return;
  }
  notGoing();
  if (status === 413 || (status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429)) {
    const why = status === 413
      ? 'pesan ini terlalu panjang. Tulis lebih singkat, lalu kirim sebagai pesan baru.'
      : 'pesan ini tidak dapat diterima. Coba kirim ulang, atau tulis dengan kata lain.';
    set(id, { state: 'failed', why });
    pump();
    return;
  }
  const tries = ((find(id) || {}).tries || 0) + 1;
  const after = response ? Number(response.headers.get('Retry-After')) * 1000 || 0 : 0;
  delay = Math.min(SLOWEST, Math.max(after, delay ? delay * 2 : 1000));
  refused = status === 429 || status >= 500 ? 'busy' : 'network';
  if (refused === 'busy' && tries >= 10) {
    set(id, { state: 'failed', tries, why: 'layanan sedang terganggu. Pesan Anda masih ada di sini.' });
    notice('send', '');
    pump();
    return;
  }
  set(id, { tries });
  notice('send', status === 429
    ? 'Pesan Anda terlalu cepat berturut-turut; dikirim otomatis sebentar lagi.'
    : refused === 'busy'
      ? 'Layanan sedang sibuk. Pesan Anda tersimpan dan dikirim ulang otomatis.'
      : 'Tidak ada jaringan. Pesan Anda tersimpan dan dikirim begitu tersambung.');
  sleep(delay * (0.8 + Math.random() * 0.4));
}

/* ---------- receiving: one event stream, resumed where it ended ---------- */

let source = null;
let sourceSession = '';
let again = 0; // ms until the next attempt of ours
let againTimer = 0;
let bannerTimer = 0;
let checked = false; // the server's numbering has been compared with ours
let replay = null; // while comparing: everything the server holds
let doubt = false; // it held nothing, so a low number may be a new count

const open = () => source && source.readyState === 1;
function lost() {
  if (bannerTimer) return;
  bannerTimer = setTimeout(() => {
    if (!open()) notice('stream', 'Sambungan terputus, mencoba lagi…');
  }, 1500);
}
function disconnect() {
  clearTimeout(againTimer);
  if (source) source.close();
  source = null;
}
function connect(from) {
  load();
  if (source && source.readyState !== 2 && sourceSession === state.session && from === undefined) return;
  disconnect();
  sourceSession = state.session;
  const here = (source = new EventSource(
    '/webchat/events?session=' + encodeURIComponent(state.session) + '&last_event_id=' + (from === undefined ? state.last : from)
  ));
  here.onopen = () => {
    again = 0;
    clearTimeout(bannerTimer);
    bannerTimer = 0;
    notice('stream', '');
    if (load().log.some((m) => m.state === 'queued') && !sending) {
      delay = 0;
      sleep(50);
    }
  };
  here.onerror = () => {
    if (here !== source) return;
    checked = false;
    lost();
    if (here.readyState === 2) {
      again = Math.min(SLOWEST, again ? again * 2 : 2000);
      clearTimeout(againTimer);
      againTimer = setTimeout(connect, again * (0.8 + Math.random() * 0.4));
    }
  };
  here.onmessage = (event) => {
    if (here !== source) return;
    let data;
    try {
      data = JSON.parse(event.data);
    } catch (e) {
      return;
    }
    if (!(data.seq > 0)) return;
    if (replay) replay.push(data);
    else received([data]);
  };
}
function received(events) {
  const s = load();
  if (doubt && events.some((e) => e.seq <= s.last && !s.log.some((m) => m.id === s.run + ':' + e.seq && m.text === e.text))) recount();
  doubt = doubt && s.last > 0;
  const news = events.filter((e) => e.seq > s.last);
  if (!news.length) return;
  news.forEach(answered);
  if (!awaited) typing('');
  change((now) => {
    for (const e of news) {
      if (!(e.seq > now.last)) continue;
      now.last = e.seq;
      now.log.push({
        id: now.run + ':' + e.seq,
        seq: e.seq,
        text: String(e.text || ''),
        buttons: Array.isArray(e.buttons) ? e.buttons.filter((b) => b && b.title && b.payload) : [],
        link: e.link,
        at: Date.now(),
      });
    }
  });
}
function recount() {
  state.run = random(6);
  state.last = 0;
  save();
}
// No answer for a while: perhaps the stream died silently, or the server has forgotten this
// conversation (erased on request or by age) and counts its replies from 1 again.
function probe() {
  const session = load().session;
  if (!state.last || checked) {
    connect(state.last);
    return;
  }
  replay = [];
  connect(0);
  setTimeout(() => {
    const events = replay;
    replay = null;
    if (!events || load().session !== session) return;
    const highest = events.reduce((most, e) => Math.max(most, e.seq), 0);
    checked = highest > 0;
    doubt = !checked;
    if (highest && highest < state.last) recount();
    received(events);
  }, 2500);
}

/* ---------- composer ---------- */

const text = $('text');
const grow = () => {
  const pinned = atEnd;
  text.style.height = 'auto';
  text.style.height = text.scrollHeight + 2 + 'px';
  text.style.overflowY = text.scrollHeight > text.clientHeight + 4 ? 'auto' : 'hidden';
  const left = LONGEST - text.value.length;
  $('counter').className = 'counter' + (left <= 200 ? ' on' : '') + (left <= 0 ? ' full' : '');
  $('counter').textContent = left > 200 ? '' : left > 0 ? 'Sisa ' + left + ' huruf' : 'Paling panjang ' + LONGEST + ' huruf';
  if (pinned) toEnd();
};
const submit = () => {
  const words = text.value.trim().slice(0, LONGEST);
  if (words) {
    text.value = '';
    grow();
    send(words);
  }
  text.focus();
};
text.addEventListener('input', grow);
text.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
    event.preventDefault();
    submit();
  }
});
$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  submit();
});

/* ---------- menu and question ---------- */

const menuButton = $('menu-button');
const menu = (on) => {
  $('menu-list').hidden = !on;
  menuButton.setAttribute('aria-expanded', String(on));
};
menuButton.addEventListener('click', () => menu($('menu-list').hidden));
document.addEventListener('click', (event) => {
  if (!$('menu').contains(event.target)) menu(false);
});
$('menu').addEventListener('focusout', (event) => {
  if (event.relatedTarget && !$('menu').contains(event.relatedTarget)) menu(false);
});

let onYes = null;
function ask(title, words, yes, work) {
  menu(false);
  onYes = work;
  $('ask-title').textContent = title;
  $('ask-text').textContent = words;
  $('ask-yes').textContent = yes;
  $('veil').hidden = false;
  $('ask-no').focus();
}
function closeAsk() {
  $('veil').hidden = true;
  onYes = null;
  menuButton.focus();
}
$('ask-no').addEventListener('click', closeAsk);
$('ask-yes').addEventListener('click', () => {
  const work = onYes;
  closeAsk();
  if (work) work();
});
$('veil').addEventListener('click', (event) => {
  if (event.target === $('veil')) closeAsk();
});
$('veil').addEventListener('keydown', (event) => {
  if (event.key !== 'Tab') return;
  event.preventDefault(); // two buttons: Tab goes from one to the other
  (document.activeElement === $('ask-no') ? $('ask-yes') : $('ask-no')).focus();
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || event.isComposing) return;
  if (!$('veil').hidden) closeAsk();
  else if (!$('menu-list').hidden) {
    menu(false);
    menuButton.focus();
  } else if (embedded && window.parent !== window) window.parent.postMessage('nirtatap:close', '*');
});

function newSession(work) {
  disconnect();
  clearTimeout(bannerTimer);
  bannerTimer = 0;
  notice('stream', '');
  notice('send', '');
  awaited = 0;
  clearTimeout(giveUpTimer);
  clearTimeout(probeTimer);
  typing('');
  replay = null;
  checked = doubt = false;
  change(work);
  toEnd();
  (finePointer ? text : scroll).focus();
}
$('new-chat').addEventListener('click', () => {
  menu(false);
  newSession((s) => {
    for (const m of s.log) if (m.mine && (m.state === 'queued' || m.state === 'failed')) m.state = 'dropped';
    const log = s.log;
    if (log.length && log[log.length - 1].kind !== 'divider') {
      log.push({ id: uuid(), kind: 'divider', text: 'Percakapan baru, ' + dayName(Date.now()).toLowerCase() + ' ' + clock(Date.now()) });
    }
    Object.assign(s, fresh(s), { log });
  });
});
$('large-text').addEventListener('click', () => {
  change((s) => { s.large = !s.large; });
  grow();
  toEnd();
});
$('erase').addEventListener('click', () => {
  ask(
    'Hapus riwayat di perangkat ini?',
    'Semua pesan di layar ini hilang dan percakapan dimulai dari awal. Catatan di server kota tidak ikut terhapus.',
    'Hapus',
    () => newSession((s) => Object.assign(s, fresh(s)))
  );
});

/* ---------- the world outside ---------- */

window.addEventListener('storage', (event) => {
  if (event.key !== KEY && event.key !== null) return;
  load();
  render();
  if (source && sourceSession !== state.session) {
    disconnect();
    if (spoken()) connect();
  }
});
const spoken = () => {
  const s = load();
  return s.last > 0 || s.log.slice(s.log.map((m) => m.kind).lastIndexOf('divider') + 1).some((m) => m.mine);
};
window.addEventListener('online', () => {
  delay = 0;
  if (spoken()) connect(load().last);
  pump();
});
window.addEventListener('offline', lost);
// A hidden tab gives its connection back after five minutes: browsers allow few to one server.
let hiddenTimer = 0;
document.addEventListener('visibilitychange', () => {
  clearTimeout(hiddenTimer);
  if (document.hidden) {
    hiddenTimer = setTimeout(disconnect, 300000);
    return;
  }
  document.title = 'Nirtatap · Asisten layanan kota';
  if (spoken()) connect();
  pump();
});
if (embedded) {
  window.addEventListener('focus', () => {
    if (finePointer && document.activeElement === document.body) text.focus();
  });
}
// iOS lays its keyboard over the page; the page then ends above it.
if (window.visualViewport) {
  visualViewport.addEventListener('resize', () => {
    const covered = window.innerHeight - visualViewport.height;
    document.body.style.height = covered > 80 && visualViewport.scale === 1 ? visualViewport.height + 'px' : '';
    if (atEnd) toEnd();
  });
}
let width = window.innerWidth;
window.addEventListener('resize', () => {
  if (width !== window.innerWidth) grow();
  width = window.innerWidth;
  if (atEnd) toEnd();
  else jumpState();
});

/* ---------- start ---------- */

if (embedded) document.documentElement.classList.add('embed');
$('menu').hidden = false;
$('bottom').hidden = false;
log.setAttribute('aria-busy', 'true');
load();
save();
render();
toEnd();
log.removeAttribute('aria-busy');
if (!storage) notice('storage', 'Peramban ini tidak menyimpan riwayat: percakapan hilang bila halaman ditutup.');
const asked = query.get('tanya');
if (asked) text.value = asked.replace(/\s+/g, ' ').trim().slice(0, LONGEST);
grow();
if (finePointer && (!embedded || document.hasFocus())) {
  text.focus();
  text.setSelectionRange(text.value.length, text.value.length);
}
if (spoken()) connect();
pump();
