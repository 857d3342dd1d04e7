// Colours where the terminal has them, and the few forms that lines of the demo take.
let isColourful = false

export function useColours(wanted) {
  isColourful = wanted && process.stdout.isTTY === true && process.env.NO_COLOR === undefined
}

const paint = code => text => (isColourful ? `\u001b[${code}m${text}\u001b[0m` : String(text))
export const bold = paint('1')
export const dim = paint('2')
export const red = paint('31')
export const green = paint('32')
export const yellow = paint('33')
export const cyan = paint('36')

export function heading(text) {
  console.log(`\n${bold(text)}`)
}

export function number(value) {
  return Math.round(value).toLocaleString('en')
}
