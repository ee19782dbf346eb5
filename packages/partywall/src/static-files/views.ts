/** Templates that a tenant may have of its own: its template first, then the common one. Compiled ones are kept for each tenant. */
import { extname } from 'node:path'
import { BoundedMap } from '../bounded-map.ts'
import { TenancyError } from '../errors.ts'
import { filePath } from '../files/file-path.ts'
import { assertFunction } from '../given-function.ts'
import { assertKnownKeys } from '../known-keys.ts'
import { assertWholeNumber } from '../whole-number.ts'
import { Layers, type FoundFile, type LayerOptions, type LayersTenancy } from './layers.ts'

export interface TenantViewsOptions extends LayerOptions {
  /** Added to a name without one, e.g. `.html`. @default none */
  extension?: string
  /** How many compiled templates are kept, over all tenants. @default 500 */
  maxCompiled?: number
}

/** What Express calls for each template: `app.engine('html', engine)`. */
export type ViewEngine = (path: string, options: object, callback: (error: unknown, text?: string) => void) => void

/** The class that Express makes for each name of a template. */
export type ViewClass = new (name: string, options: object) => object

export interface TenantViews {
  /** The file of a template, for an engine that reads it itself. @throws TenancyError NO_TENANT, INVALID_ARGUMENT; also when there is none */
  resolve(name: string): Promise<string>
  /** All files of this name, the tenant's first. */
  findAll(name: string): Promise<readonly FoundFile[]>
  /**
   * A compiled template. It is kept until its file changes, for this tenant alone.
   * @example const welcome = await views.load('emails/welcome.html', (text) => Handlebars.compile(text))
   * @throws as `resolve`; the error of `compile`
   */
  load<T>(name: string, compile: (text: string, file: string) => T | Promise<T>): Promise<T>
  /** The folders of the current tenant, its own first: for engines that look for partials and layouts themselves. @throws TenancyError NO_TENANT */
  folders(): readonly string[]
  /** For Express: `app.set('view', views.express)`. The file is looked for at each rendering, also with "view cache", which knows only names. */
  readonly express: ViewClass
}

/**
 * @example const views = tenantViews(tenancy, { common: 'views', tenants: 'tenants/{schema}/views' })
 * @throws TenancyError INVALID_OPTION; also for a folder that does not exist
 */
export function tenantViews(tenancy: LayersTenancy, options: TenantViewsOptions): TenantViews {
  assertKnownKeys('tenantViews', options, ['common', 'tenants', 'extension', 'maxCompiled'], 'INVALID_OPTION')
  const { extension = '', maxCompiled = 500 } = options
  assertWholeNumber('INVALID_OPTION', '"maxCompiled" of tenantViews', 'maxCompiled', maxCompiled, { least: 1 })
  const layers = new Layers('tenantViews', tenancy, options)
  const compiled = new BoundedMap<string, { readonly version: string; readonly template: unknown }>(maxCompiled)
  /** Of each function: two engines may compile one file. */
  const compilers = new WeakMap<object, number>()
  let nextCompiler = 0
  const pathOf = (name: unknown, own = extension): string => {
    const path = filePath('tenantViews', name)
    return extname(path) === '' ? path + own : path
  }
  const views: TenantViews = {
    async resolve(name) {
      const [found] = await layers.all(pathOf(name))
      if (found === undefined) throw noTemplate(layers)
      return found.file
    },
    findAll: async (name) => layers.all(pathOf(name)),
    async load<T>(name: string, compile: (text: string, file: string) => T | Promise<T>): Promise<T> {
      assertFunction('views.load', compile)
      const path = pathOf(name)
      const tenant = layers.tenant()
      const found = await layers.open(path)
      if (found === undefined) throw noTemplate(layers)
      try {
        const { ino, size, mtimeNs } = await found.handle.stat({ bigint: true })
        if (!compilers.has(compile)) compilers.set(compile, nextCompiler++)
        const owner = tenant === undefined ? 'shared' : `${tenant.id} ${tenant.generation}`
        const key = `${owner} ${compilers.get(compile)} ${path}`
        const version = `${found.file} ${ino} ${size} ${mtimeNs}`
        const kept = compiled.get(key)
        if (kept?.version === version) return kept.template as T
        const template = await compile(await found.handle.readFile('utf8'), found.file)
        compiled.set(key, { version, template })
        return template
      } finally {
        await found.handle.close()
      }
    },
    folders: () => layers.folders(),
    express: expressView((name, own) => views.resolve(pathOf(name, own))),
  }
  return Object.freeze(views)
}

interface ExpressViewOptions {
  readonly defaultEngine?: string
  readonly engines: Record<string, ViewEngine>
}

function expressView(find: (name: string, extension: string) => Promise<string>): ViewClass {
  return class TenantView {
    /** Express takes a view without a path for one that does not exist. The path is not known yet: one view serves all tenants. */
    readonly path: string
    readonly #extension: string
    readonly #engine: ViewEngine

    constructor(name: string, given: object) {
      const { defaultEngine = '', engines } = given as ExpressViewOptions
      const own = extname(name)
      this.#extension = own === '' ? `.${defaultEngine.replace(/^\./, '')}` : own
      const engine = engines[this.#extension]
      if (engine === undefined) {
        throw new TenancyError(
          'INVALID_OPTION',
          `Express has no engine for templates that end with ${this.#extension}. Add it: app.engine(${JSON.stringify(this.#extension.slice(1))}, engine).`,
          { details: { what: 'tenantViews', option: 'express' } },
        )
      }
      this.path = name
      this.#engine = engine
    }

    render(options: object, callback: (error: unknown, text?: string) => void): void {
      find(this.path, this.#extension).then(
        (file) => this.#engine(file, options, callback),
        (error: unknown) => callback(error),
      )
    }
  }
}

/** @param layers their folders are named: a developer looks for a template there */
function noTemplate(layers: Layers): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `There is no such template in ${layers.folders().join(' or ')}.`, {
    details: { what: 'tenantViews', option: 'name' },
  })
}
