/** What an entry says besides its columns. It is bounded, so that a list of ten thousand tenants does not become one entry. */

export type Details = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** Bytes of JSON in UTF-8. */
export const mostBytes = 4096

/**
 * The details as JSON, with the lists at the end. A list that does not fit ends early, and `<name>Left` then says how many were left off; a text that
 * does not fit is left off.
 */
export function detailsText(details: Details): string {
  const kept: Record<string, unknown> = {}
  const fits = (more: object): boolean => Buffer.byteLength(JSON.stringify({ ...kept, ...more })) <= mostBytes
  const given = Object.entries(details).filter(([, value]) => value !== undefined)
  const lists = given.filter(([, value]) => Array.isArray(value))
  for (const [name, value] of [...given.filter((one) => !lists.includes(one)), ...lists]) {
    const whole = { [name]: value }
    if (fits(whole)) Object.assign(kept, whole)
    else if (Array.isArray(value)) Object.assign(kept, shortened(name, value, fits))
  }
  return JSON.stringify(kept)
}

/** The longest beginning of the list that fits, found by halving. */
function shortened(name: string, list: readonly string[], fits: (more: object) => boolean): object {
  const first = (count: number): object => ({ [name]: list.slice(0, count), [`${name}Left`]: list.length - count })
  let [least, most] = [0, list.length - 1]
  while (least < most) {
    const middle = Math.ceil((least + most) / 2)
    if (fits(first(middle))) least = middle
    else most = middle - 1
  }
  return fits(first(least)) ? first(least) : {}
}
