/** Cookies that the console hands on: no page of another site may send them. */

export function strictCookies({ headers }: Response): readonly string[] {
  return headers.getSetCookie().map((line) => `${line.replaceAll(/;\s*samesite=[^;]*/gi, '')}; SameSite=Strict`)
}

/** What a browser would send back. */
export function cookieHeader(lines: readonly string[]): string {
  return lines.map((line) => line.split(';', 1)[0]).join('; ')
}
