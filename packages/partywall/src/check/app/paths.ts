/** Paths of routes, as frameworks write them: with parameters and wildcards. */

/** What stands in front of a path where the framework does not keep it. */
export const unknownPrefix = '…'

export function joined(prefix: string, path: string): string {
  const all = `${prefix}/${path}`.replaceAll(/\/{2,}/g, '/')
  return all.length > 1 ? all.replace(/\/$/, '') : all
}

/** Whether everything that the route serves is under the prefix. In doubt it is not. */
export function isUnder(prefix: string, path: string): boolean {
  const [over, under] = [parts(prefix), parts(path)]
  if (over.includes(unknownPrefix)) return false
  return over.every(
    (part, index) => (part.startsWith(':') && under[index] !== undefined && !isWild(under[index])) || part === under[index],
  )
}

/** A path that every request has: `*`, `/*`, `/{*path}`, `(.*)`. */
export function isEverything(path: string): boolean {
  return /^\/?(?:\*\w*|\{\/?\*\w+\}|\(\.\*\))?$/.test(path) && path !== '' && path !== '/'
}

/** Whether a path is among those that the caller has allowed. `/admin/*` allows all under it. */
export function isAllowed(path: string, allowed: readonly string[]): boolean {
  return allowed.some((one) =>
    one.endsWith('/*') ? path === one.slice(0, -2) || path.startsWith(one.slice(0, -1)) : normal(one) === normal(path),
  )
}

function normal(path: string): string {
  return path.length > 1 ? path.replace(/\/$/, '') : path
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '')
}

function isWild(part: string): boolean {
  return part.includes('*') || part.startsWith('(')
}
