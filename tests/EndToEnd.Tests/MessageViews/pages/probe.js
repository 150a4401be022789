// What the test's pages know of themselves. A mail must change none of it.
'use strict';
const ran = [];
for (const name of ['alert', 'confirm', 'prompt', 'print', 'msgbox']) {
  window[name] = (...said) => { ran.push(`${name}(${said.join()})`); };
}

window.addEventListener('error', event => { if (event.message) { ran.push(`an error of a script: ${event.message}`); } });
document.addEventListener('securitypolicyviolation', event => { ran.push(`${event.violatedDirective} against ${event.blockedURI}`); });

const events = ('abort animationend animationiteration animationstart auxclick beforecopy beforecut beforeinput beforepaste begin blur bounce change contextmenu copy cut dblclick drag dragend dragenter '
  + 'dragover dragstart drop end error finish focus focusin focusout fullscreenchange input invalid keydown keypress keyup load loadstart mousedown mouseenter mouseleave mousemove mouseout mouseover mouseup '
  + 'paste pointercancel pointerdown pointerenter pointerleave pointermove pointerout pointerover pointerrawupdate pointerup repeat resize scroll scrollend search select start submit toggle touchend '
  + 'touchmove touchstart transitionend transitionrun wheel').split(' ');

const never = 'applet,audio,base,button,dialog,embed,form,frame,frameset,iframe,input,link,marquee,math,meta,noscript,object,option,param,picture,portal,script,select,source,style,svg,template,textarea,title,track,video';

// Where the sentinels stand and how they look, and what of them is seen.
function sentinels() {
  return [...document.querySelectorAll('.sentinel')].map(element => {
    const box = element.getBoundingClientRect();
    const look = getComputedStyle(element);
    const seen = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2) === element;
    return JSON.stringify([element.id, seen, element.innerHTML, box, [...look].map(name => [name, look.getPropertyValue(name)])]);
  });
}

function state() {
  return {
    sentinels: sentinels(),
    address: location.href,
    title: document.title,
    focused: document.activeElement ? document.activeElement.tagName : '',
    history: history.length,
    globals: Object.getOwnPropertyNames(window).filter(name => !/^\d+$/.test(name)).sort().join(),
    top: document.head.childElementCount + document.body.childElementCount,
    scrolled: window.scrollX + window.scrollY,
  };
}

const frames = count => count === 0 ? Promise.resolve() : new Promise(done => requestAnimationFrame(() => done(frames(count - 1))));

// All that is to be loaded has been asked for, and what can be waited for is here.
async function settle(root) {
  const pictures = [...root.querySelectorAll('img')].filter(image => image.currentSrc && !image.complete);
  await Promise.all(pictures.map(image => new Promise(done => { image.addEventListener('load', done); image.addEventListener('error', done); })));
  await frames(2);
  await fetch('/test-pages/settled');
}

function describe(root) {
  return {
    forbidden: [...root.querySelectorAll(never)].map(element => element.outerHTML.slice(0, 200)),
    handlers: [...root.querySelectorAll('*')].flatMap(element => [...element.attributes].filter(a => /^on|^(id|class|name|srcdoc|autofocus|contenteditable|tabindex)$/i.test(a.name)).map(a => `${element.tagName} ${a.name}`)),
    links: [...root.querySelectorAll('a[href],area[href]')].map(link => link.href),
    images: [...root.querySelectorAll('img')].filter(image => image.getAttribute('src')).map(image => image.src),
    backgrounds: [...root.querySelectorAll('[style]')].flatMap(element => [...element.getAttribute('style').matchAll(/url\("([^"]*)"/g)].map(match => match[1])),
  };
}

const differences = (before, after) => Object.keys(before).filter(name => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
  .map(name => `${name}: ${JSON.stringify(before[name]).slice(0, 300)} became ${JSON.stringify(after[name]).slice(0, 300)}`);

// In a frame, as the webmail has it.
async function openView(address, sandbox) {
  const before = state();
  const frame = document.getElementById('message');
  if (sandbox === null) { frame.removeAttribute('sandbox'); } else { frame.setAttribute('sandbox', sandbox); }
  const loaded = new Promise(done => { frame.addEventListener('load', done, { once: true }); });
  frame.src = address;
  await loaded;
  const page = frame.contentDocument;
  if (page === null) { return { changed: ['the frame is of another origin'], ran, content: null }; }
  page.addEventListener('securitypolicyviolation', event => { ran.push(`${event.violatedDirective} against ${event.blockedURI}`); });
  await settle(page.body);
  const changed = differences(before, state());
  if (page.activeElement !== page.body) { changed.push(`focus within: ${page.activeElement.outerHTML.slice(0, 200)}`); }
  const around = [page.head, page.body].map(place => [...place.children].map(child => child.tagName).join()).join('; ');
  if (around !== 'META,META,TITLE,STYLE; DIV') { changed.push(`its page has ${around}`); }
  if (!page.location.href.endsWith(address)) { changed.push(`the frame went to ${page.location.href}`); }
  return { changed, ran, content: describe(page.body) };
}

// In a page without any policy.
async function openFragment(html) {
  const before = state();
  const place = document.getElementById('message');
  place.innerHTML = html;
  await settle(place);
  const content = describe(place);
  for (const element of place.querySelectorAll('*')) {
    for (const name of events) { element.dispatchEvent(new Event(name, { bubbles: true, cancelable: true })); }
    if (element.closest('a[href],area[href]') === null) { element.click(); }
  }

  // Set again as a browser writes it: what changes on the way must not come to life either.
  for (let i = 0; i < 2; i++) { place.innerHTML = place.innerHTML; }
  await settle(place);
  return { changed: differences(before, state()), ran, content };
}

function root() {
  const place = document.getElementById('message');
  return place.contentDocument ? place.contentDocument.body : place;
}

const follow = number => { root().querySelectorAll('a[href],area[href]')[number].click(); };
