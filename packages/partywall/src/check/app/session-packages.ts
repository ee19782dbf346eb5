/**
 * The cookies of known session packages. Their options are gone in a closure once the middleware is made, so the packages are wrapped before the application
 * imports them. Only packages in CommonJS, which these are, can be wrapped so.
 */
import { createRequire } from 'node:module'
import type { SeenCookie } from './app-facts.ts'

/** Where the option is, in the argument of the package. Of a Fastify plugin the options are the second argument. */
const packages: Readonly<Record<string, { readonly at: number; domain(options: Options): unknown }>> = {
  'express-session': { at: 0, domain: ({ cookie }) => inObject(cookie)['domain'] },
  'cookie-session': { at: 0, domain: ({ domain }) => domain },
  'client-sessions': { at: 0, domain: ({ cookie }) => inObject(cookie)['domain'] },
  '@fastify/session': { at: 1, domain: ({ cookie }) => inObject(cookie)['domain'] },
  '@fastify/secure-session': { at: 1, domain: ({ cookie }) => inObject(cookie)['domain'] },
  '@fastify/cookie': { at: 1, domain: ({ parseOptions }) => inObject(parseOptions)['domain'] },
}

export const sessionPackages = Object.keys(packages)

type Options = Readonly<Record<string, unknown>>

/** @param file of the application, from which the packages are found */
export function watchSessionPackages(file: string): SeenCookie[] {
  const seen: SeenCookie[] = []
  const require = createRequire(file)
  for (const [name, { at, domain }] of Object.entries(packages)) {
    const loaded = moduleOf(require, name)
    if (loaded === undefined) continue
    const original = loaded.exports as Function
    const wrapped: Function = new Proxy(original, {
      apply(target, self, args: unknown[]) {
        const value = domain(inObject(args[at]))
        seen.push({ package: name, domain: typeof value === 'string' && value !== '' ? value : undefined })
        return Reflect.apply(target, self, args) as unknown
      },
      // `fastifyCookie.default` is the function itself.
      get: (target, key) => {
        const value = Reflect.get(target, key) as unknown
        return value === target ? wrapped : value
      },
    })
    loaded.exports = wrapped
  }
  return seen
}

function moduleOf(require: NodeJS.Require, name: string): NodeJS.Module | undefined {
  try {
    if (typeof require(name) !== 'function') return undefined
    return require.cache[require.resolve(name)]
  } catch {
    // The application does not have it, or it cannot be loaded; the import of the application says so.
    return undefined
  }
}

function inObject(value: unknown): Options {
  return typeof value === 'object' && value !== null ? (value as Options) : {}
}
