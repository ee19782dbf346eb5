/**
 * partywall/static-files: files of the disk that a tenant may have of its own, such as a logo or a style sheet, served to browsers; and templates in the same order. The tenant's
 * file comes first, then the common one.
 */
import '../node-version.ts'
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { contentTypeOf } from '../files/content-type.ts'
import { answerWith, missing, nodeHeader, sendToNode, webResponse, type FileAnswer, type HeaderOf } from '../files/file-answer.ts'
import { filePath, pathProblem } from '../files/file-path.ts'
import { tenantPattern } from '../files/tenant-pattern.ts'
import { TenancyError, tenancyErrorOf } from '../errors.ts'
import { assertKnownKeys } from '../known-keys.ts'
import type { Resolver } from '../ports/resolver.ts'
import { seen } from '../seen.ts'
import { assertWholeNumber } from '../whole-number.ts'
import { cacheHeaders } from './cache-headers.ts'
import { Layers, type FoundFile, type LayerOptions, type LayersTenancy } from './layers.ts'

export type { FoundFile, LayerOptions, LayersTenancy } from './layers.ts'
export { tenantViews, type TenantViews, type TenantViewsOptions, type ViewClass, type ViewEngine } from './views.ts'

/** A tenancy, the result of `createTenancy(config)`. */
export interface StaticTenancy extends LayersTenancy {
  readonly options: { readonly resolve: readonly Resolver[] }
}

export interface StaticFilesOptions extends LayerOptions {
  /** The address under which they are served; it may hold `{id}` or `{schema}`. @default '/static' */
  url?: string
  /** For how long a browser uses a file without asking again. Only where the URL names the tenant. @default 0: it asks each time */
  maxAgeSeconds?: number
  /** The file of a folder; `false`: none. @default 'index.html' */
  index?: string | false
}

/** What Fastify gives a handler. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage
  readonly params: unknown
}

export interface FastifyReplyLike {
  code(status: number): unknown
  headers(headers: Readonly<Record<string, string>>): unknown
  send(body?: unknown): unknown
}

/** What Hono gives a handler. */
export interface HonoContextLike {
  readonly req: { readonly raw: Request; readonly path: string }
}

export interface StaticFiles {
  /** The address of a file, for pages. It need not exist. @throws TenancyError INVALID_ARGUMENT; NO_TENANT where `url` names the tenant */
  url(path: string): string
  /** The file that counts; undefined where there is none. @throws TenancyError NO_TENANT, INVALID_ARGUMENT */
  find(path: string): Promise<FoundFile | undefined>
  /** All files of this path, the tenant's first. @throws as `find` */
  findAll(path: string): Promise<readonly FoundFile[]>
  /** For Express, Connect and others of their form, behind `tenantScope`. A file that does not exist is passed on. @example app.use('/static', statics.express) */
  readonly express: (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void
  /** For Fastify, behind `tenantPlugin`. @example app.get('/static/*', statics.fastify) */
  readonly fastify: (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown>
  /** For Hono, behind `tenantMiddleware`; the route is that of `url`. A file that does not exist is passed on. @example app.use('/static/*', statics.hono) */
  readonly hono: (c: HonoContextLike, next: () => Promise<void>) => Promise<Response | void>
}

/**
 * @example const statics = staticFiles(tenancy, { common: 'public', tenants: 'tenants/{schema}/public' })
 * @throws TenancyError INVALID_OPTION; also for a folder that does not exist
 */
export function staticFiles(tenancy: StaticTenancy, options: StaticFilesOptions): StaticFiles {
  assertKnownKeys('staticFiles', options, ['common', 'tenants', 'url', 'maxAgeSeconds', 'index'], 'INVALID_OPTION')
  const { url = '/static', maxAgeSeconds = 0, index = 'index.html' } = options
  assertWholeNumber('INVALID_OPTION', '"maxAgeSeconds" of staticFiles', 'maxAgeSeconds', maxAgeSeconds, { least: 0 })
  if (index !== false && pathProblem(index) !== undefined)
    throw invalid('index', `must be the name of a file, or false; it is ${seen(index)}`)
  if (typeof url !== 'string') throw invalid('url', `must be text; it is ${seen(url)}`)
  const layers = new Layers('staticFiles', tenancy, options)
  const caching = cacheHeaders(tenancy.options.resolve, maxAgeSeconds)
  const base = url.includes('{') ? tenantPattern('staticFiles', 'url', url, 'url') : () => url.replace(/\/+$/, '')
  const baseNow = (): string => (url.includes('{') ? base(tenancy.current()) : base(undefined as never))

  /** Undefined where there is no such file: another part of the application may answer. */
  const answerTo = async (method: string, path: string, header: HeaderOf): Promise<FileAnswer | undefined> => {
    // Asked first: without a scope no file is served, whether there is one or not.
    const tenant = layers.tenant()
    if (method !== 'GET' && method !== 'HEAD') return undefined
    const wanted = index !== false && (path === '' || path.endsWith('/')) ? path + index : path
    // Names with a dot in front hold what no browser should see.
    if (pathProblem(wanted) !== undefined || wanted.split('/').some((name) => name.startsWith('.'))) return missing
    const found = await openUnlessLink(layers, filePath('staticFiles', wanted))
    if (found === undefined) return undefined
    const { handle, layer } = found
    let isHandedOver = false
    try {
      const { ino, size, mtimeNs } = await handle.stat({ bigint: true })
      // With its owner: files of two tenants may have one size and one time, and one URL.
      const owner = layer === 'common' ? 'common' : tenant!.id
      const etag = createHash('sha256').update(`${owner} ${wanted} ${ino} ${size} ${mtimeNs}`).digest('base64url').slice(0, 27)
      return await answerWith(method, header, {
        facts: { size: Number(size), etag, modifiedAt: new Date(Number(mtimeNs / 1_000_000n)) },
        contentType: contentTypeOf(wanted),
        headers: caching.headers,
        isDateEnough: caching.isByUrl,
        async open(range) {
          isHandedOver = true
          return handle.createReadStream({ start: 0, ...range, autoClose: true })
        },
      })
    } finally {
      if (!isHandedOver) await handle.close()
    }
  }

  return Object.freeze<StaticFiles>({
    url: (path) => `${baseNow()}/${filePath('statics.url', path).split('/').map(encodeURIComponent).join('/')}`,
    find: async (path) => (await layers.all(filePath('statics.find', path)))[0],
    findAll: async (path) => layers.all(filePath('statics.findAll', path)),
    express: (req, res, next) => {
      const path = decoded((req.url ?? '/').split('?', 1)[0]!)
      const answering = path === undefined ? Promise.resolve(missing) : answerTo(req.method ?? 'GET', path, nodeHeader(req))
      answering.then((answer) => (answer === undefined ? next() : sendToNode(req, res, answer))).catch(next)
    },
    async fastify({ raw, params }, reply) {
      const path = (params as Readonly<Record<string, string | undefined>> | undefined)?.['*']
      const answer = (await answerTo(raw.method ?? 'GET', path ?? '', nodeHeader(raw))) ?? missing
      reply.code(answer.status)
      reply.headers(answer.headers)
      // Its own answer to HEAD counts the body, unless it is a stream.
      return reply.send(raw.method === 'HEAD' ? Readable.from([]) : answer.body)
    },
    async hono({ req: { raw, path } }, next) {
      const prefix = `${baseNow()}/`
      const rest = path.startsWith(prefix) ? decoded(path.slice(prefix.length - 1)) : undefined
      const answer = rest === undefined ? missing : await answerTo(raw.method, rest, (name) => raw.headers.get(name) ?? undefined)
      return answer === undefined ? next() : webResponse(raw.method, answer)
    },
  })
}

/** Decoded once. What is encoded twice still holds codes, and is refused as a path. */
function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path.replace(/^\//, ''))
  } catch {
    return undefined
  }
}

/** A link is no file, as one that does not exist. */
async function openUnlessLink(layers: Layers, path: string): ReturnType<Layers['open']> {
  try {
    return await layers.open(path)
  } catch (error) {
    if (tenancyErrorOf(error, 'INVALID_ARGUMENT') !== undefined) return undefined
    throw error
  }
}

function invalid(option: string, problem: string): TenancyError {
  return new TenancyError('INVALID_OPTION', `"${option}" of staticFiles ${problem}.`, {
    details: { what: 'staticFiles', option },
  })
}
