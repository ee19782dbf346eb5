/** The pages of the public site, each a file of `client/`. Their addresses have no `.html`. */
export const publicPages: Readonly<Record<string, string>> = {
  '/': 'index.html',
  '/prices': 'prices.html',
  '/sign-up': 'sign-up.html',
  '/sign-in': 'sign-in.html',
}

export const notFoundPage = 'not-found.html'

/** `not-found.html` for every other address. */
export function pageOf(path: string): string {
  const name = path === '/' ? path : path.replace(/\/$/, '')
  return (Object.hasOwn(publicPages, name) ? publicPages[name] : undefined) ?? notFoundPage
}
