/**
 * The cookies of known session packages, and the folders of packages that store or serve files. Their options are gone in a closure once the middleware is made, so the packages are wrapped before the application
 * imports them. Only packages in CommonJS, which these are, can be wrapped so.
 */
import { readFileSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { SeenCookie, SeenFolder } from './app-facts.ts'

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

/** Where the folder is: undefined where it is chosen by a function, for each request. */
const folderPackages: Readonly<Record<string, { readonly does: SeenFolder['does']; folder(args: readonly unknown[]): unknown }>> =
  {
    multer: { does: 'stores', folder: ([options]) => inObject(options)['dest'] },
    // express.static is this one.
    'serve-static': { does: 'serves', folder: ([root]) => root },
    '@fastify/static': { does: 'serves', folder: ([, options]) => inObject(options)['root'] },
  }

/** Methods of a package that make what stores files. */
const folderMethods: Readonly<Record<string, Readonly<Record<string, (args: readonly unknown[]) => unknown>>>> = {
  multer: { diskStorage: ([options]) => inObject(options)['destination'] },
}

export interface SeenOptions {
  readonly cookies: SeenCookie[]
  readonly folders: SeenFolder[]
}

type Options = Readonly<Record<string, unknown>>

/**
 * What is seen appears in the lists while the application is imported.
 * @param file of the application, from which the packages are found
 */
export function watchPackages(file: string): SeenOptions {
  const seen: SeenOptions = { cookies: [], folders: [] }
  const names = new Map([...sessionPackages, ...Object.keys(folderPackages)].flatMap((name) => entryOf(name, file) ?? []))
  if (names.size === 0) return seen
  Reflect.set(globalThis, watcher, (name: string, exported: unknown) => watched(name, exported, seen))
  nodeModule.registerHooks({
    load(url, context, nextLoad) {
      const name = names.get(url)
      if (name === undefined || context.format?.startsWith('module') === true) return nextLoad(url, context)
      const source = `${readFileSync(fileURLToPath(url), 'utf8')}\nmodule.exports = globalThis[Symbol.for('${watcher.description!}')]('${name}', module.exports)`
      return { format: 'commonjs', source, shortCircuit: true }
    },
  })
  return seen
}

const watcher = Symbol.for('partywall.check.sessions')

/** The address of the module, and the name of the package. Undefined where the application does not have it, or it is no CommonJS. */
function entryOf(name: string, file: string): [url: string, name: string][] | undefined {
  try {
    const path = createRequire(file).resolve(name)
    return /\.c?js$/.test(path) ? [[pathToFileURL(path).href, name]] : undefined
  } catch {
    return undefined
  }
}

function watched(name: string, exported: unknown, seen: SeenOptions): unknown {
  if (typeof exported !== 'function') return exported
  const wrapped: unknown = new Proxy(exported, {
    apply(target, self, args: unknown[]) {
      if (Object.hasOwn(packages, name)) seen.cookies.push(cookieOf(name, args))
      else noteFolder(name, folderPackages[name]!.folder(args), seen)
      return Reflect.apply(target, self, args) as unknown
    },
    // `fastifyCookie.default` is the function itself.
    get: (target, key) => {
      const value = Reflect.get(target, key) as unknown
      if (value === target) return wrapped
      const folderOf = typeof key === 'string' ? folderMethods[name]?.[key] : undefined
      if (folderOf === undefined || typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        noteFolder(name, folderOf(args), seen)
        return Reflect.apply(value, target, args) as unknown
      }
    },
  })
  return wrapped
}

function cookieOf(name: string, args: readonly unknown[]): SeenCookie {
  const { at, domain } = packages[name]!
  const options = inObject(args[at])
  const value = domain(options)
  const isHidden = typeof options['cookie'] === 'function' || !['string', 'undefined'].includes(typeof value)
  return { package: name, domain: typeof value === 'string' && value !== '' ? value : undefined, isHidden }
}

function noteFolder(name: string, folder: unknown, seen: SeenOptions): void {
  for (const one of [folder].flat()) {
    if (typeof one === 'string') seen.folders.push({ package: name, folder: one, does: folderPackages[name]!.does })
  }
}

function inObject(value: unknown): Options {
  return typeof value === 'object' && value !== null ? (value as Options) : {}
}
