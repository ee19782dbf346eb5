/** The server says what a value must do, "must not be empty"; people read a sentence. */
export function sentence(message: string): string {
  const text = /^(must|may|has|is) /.test(message) ? `It ${message}` : message
  return /[.!?]$/.test(text) ? text : `${text}.`
}
