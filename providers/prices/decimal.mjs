// Exact decimals. A price is a BigInt of pico-dollars per million tokens; no binary double is ever involved.

// JSON.parse with every number kept as its source text (3e-06 stays "3e-06").
export function parseJsonKeepingNumbers(text) {
    const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
    return JSON.parse(text.replace(token, (found) => (found[0] === '"' ? found : `"${found}"`)));
}

// A decimal text times 10^shift, rounded half up to an integer.
export function scaled(text, shift) {
    const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(String(text));
    if (!match) throw new Error(`not a decimal: ${text}`);
    const [, sign, whole, fraction = '', exponent = '0'] = match;
    const digits = BigInt(whole + fraction);
    const power = shift + Number(exponent) - fraction.length;
    const value = power >= 0
        ? digits * 10n ** BigInt(power)
        : (digits + 10n ** BigInt(-power) / 2n) / 10n ** BigInt(-power);
    return sign ? -value : value;
}

export const perToken = (text) => (text === undefined || text === null ? undefined : scaled(text, 18));
export const perMillion = (text) => (text === undefined || text === null ? undefined : scaled(text, 12));
export const perThousandEach = (text) => (text === undefined || text === null ? undefined : scaled(text, 9));
export const perEach = (text) => (text === undefined || text === null ? undefined : scaled(text, 12));

// Pico-dollars as a decimal text of dollars: 83333333333n is "0.083333333333".
export function dollars(pico) {
    const text = pico.toString().padStart(13, '0');
    const fraction = text.slice(-12).replace(/0+$/, '');
    return text.slice(0, -12) + (fraction ? '.' + fraction : '');
}
