// Text as key presses, as somebody with a US keyboard would type it: the guest sees keys, not characters.

const ROWS = [
    ['`1234567890-=', '~!@#$%^&*()_+', ['Backquote', ...'1234567890'.split('').map((d) => `Digit${d}`), 'Minus', 'Equal']],
    ['qwertyuiop[]\\', 'QWERTYUIOP{}|', [...letters('QWERTYUIOP'), 'BracketLeft', 'BracketRight', 'Backslash']],
    ["asdfghjkl;'", 'ASDFGHJKL:"', [...letters('ASDFGHJKL'), 'Semicolon', 'Quote']],
    ['zxcvbnm,./', 'ZXCVBNM<>?', [...letters('ZXCVBNM'), 'Comma', 'Period', 'Slash']],
    [' \n\t', '', ['Space', 'Enter', 'Tab']],
];

function letters(row) {
    return row.split('').map((letter) => `Key${letter}`);
}

const KEYS = new Map();
for (const [plain, shifted, codes] of ROWS) {
    codes.forEach((code, i) => {
        KEYS.set(plain[i], { code, shift: false });
        if (shifted) {
            KEYS.set(shifted[i], { code, shift: true });
        }
    });
}

/** The keys of a text: {code, shift}; and the characters that no key has. */
export function keysOf(text) {
    const keys = [];
    const missing = new Set();
    for (const character of text.replaceAll('\r\n', '\n').replaceAll('\r', '\n')) {
        const key = KEYS.get(character);
        if (key) {
            keys.push(key);
        } else {
            missing.add(character);
        }
    }
    return { keys, missing: [...missing] };
}
