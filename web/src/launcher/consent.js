// The consent page: shows what the signed spec asks for and sends the user's answer. Everything shown comes from the
// launcher as JSON and is set as text, never as markup.
import './consent.css';

/** Time during which the button ignores clicks after the page becomes visible: nobody clicks what they did not see. */
const INERT_MILLIS = 700;
const POLL_MILLIS = 250;
const GRANTS = { network: 'network', clipboard: 'clipboard', audio: 'audio', port: 'ports' };

const path = document.body.dataset.path;
const token = document.body.dataset.token;
const byId = (id) => document.getElementById(id);
const sections = ['checking', 'asking', 'refused', 'cancelled', 'gone'];

let inertTimer = 0;
let answered = false;

function show(section, facts = {}) {
    for (const id of sections) {
        byId(id).hidden = id !== section;
    }
    for (const element of byId(section).querySelectorAll('[data-field]')) {
        element.textContent = facts[element.dataset.field] ?? '';
    }
}

function makeInert() {
    const run = byId('run');
    run.disabled = true;
    clearTimeout(inertTimer);
    if (answered || document.visibilityState !== 'visible') {
        return;
    }
    inertTimer = setTimeout(() => {
        run.disabled = answered;
    }, INERT_MILLIS);
}

function listAsks(asks) {
    const list = byId('asks');
    list.replaceChildren();
    for (const ask of asks) {
        const item = document.createElement('li');
        item.dataset.kind = ask.kind;
        if (ask.grantable && ask.available && GRANTS[ask.kind]) {
            const label = document.createElement('label');
            const box = document.createElement('input');
            box.type = 'checkbox';
            box.name = GRANTS[ask.kind];
            box.checked = true;
            // One answer for all requests of a kind.
            box.addEventListener('change', () => {
                for (const other of list.querySelectorAll(`input[name=${box.name}]`)) {
                    other.checked = box.checked;
                }
            });
            label.append(box, ` ${ask.text}`);
            item.append(label);
        } else {
            item.textContent = ask.text;
            if (!ask.available) {
                item.className = 'unavailable';
                item.append(' (this version of Arclet cannot give that; it will do without)');
            }
        }
        list.append(item);
    }
}

async function send(action, fields) {
    const response = await fetch(`${path}/${action}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ token, ...fields }),
    });
    const body = response.headers.get('Content-Type') === 'application/json' ? await response.json() : {};
    return { ok: response.ok, body };
}

async function run(fields) {
    if (answered) {
        return;
    }
    answered = true;
    byId('run').disabled = true;
    byId('cancel').disabled = true;
    try {
        const { ok, body } = await send('run', fields);
        if (ok) {
            location.replace(body.page);
            return;
        }
        const problem = byId('problem');
        problem.textContent = body.message ?? 'The launcher refused. Open the link again.';
        problem.hidden = false;
    } catch {
        show('gone');
    }
}

function chosen() {
    const fields = {};
    for (const box of byId('asks').querySelectorAll('input:checked')) {
        fields[box.name] = '1';
    }
    if (byId('always').checked) {
        fields.always = '1';
    }
    return fields;
}

byId('run').addEventListener('click', (event) => {
    if (event.isTrusted) {
        run(chosen());
    }
});
byId('cancel').addEventListener('click', async (event) => {
    if (!event.isTrusted || answered) {
        return;
    }
    answered = true;
    try {
        await send('cancel', {});
    } catch {
        // The launcher is gone; so is the request.
    }
    show('cancelled');
});
document.addEventListener('visibilitychange', makeInert);
window.addEventListener('focus', makeInert);

function ask(facts) {
    document.title = `Run ${facts.title}? - Arclet`;
    show('asking', facts);
    byId('stale').hidden = facts.fresh;
    byId('always-row').hidden = facts.trustLevel === 'EXACT_UNCONFIRMED';
    listAsks(facts.asks);
    makeInert();
    if (facts.allowed) {
        run({ remembered: '1' });
    }
}

async function poll() {
    for (let failures = 0; failures < 8; ) {
        try {
            const response = await fetch(`${path}/state`);
            if (!response.ok) {
                break;
            }
            failures = 0;
            const facts = await response.json();
            switch (facts.state) {
                case 'checking':
                    show('checking', facts);
                    break;
                case 'asking':
                    ask(facts);
                    return;
                case 'started':
                    location.replace(facts.page);
                    return;
                default:
                    show(facts.state, facts);
                    return;
            }
        } catch {
            failures++;
        }
        await new Promise((done) => setTimeout(done, POLL_MILLIS));
    }
    show('gone');
}

poll();
