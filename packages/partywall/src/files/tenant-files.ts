/** `tenantFiles`: the files of the current tenant in the store that the config names. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { ReadableStream as NodeWebStream } from 'node:stream/web'
import { catalogKey } from '../catalog-key.ts'
import { FileUsage, recountFiles, unknownTenant, type FileUsageFigures, type UsageCatalog } from '../catalog/files/file-usage.ts'
import { TenancyError, tenancyErrorOf } from '../errors.ts'
import { eachStored, folderOfTenant, sharedFolder, type FileStore } from '../file-store.ts'
import { assertKnownKeys } from '../known-keys.ts'
import { masterSecrets } from '../master-secrets.ts'
import { seen } from '../seen.ts'
import type { Tenant, TenantRef } from '../types.ts'
import { assertWholeNumber } from '../whole-number.ts'
import { contentTypeOf } from './content-type.ts'
import {
  answerWith,
  missing,
  nodeHeader,
  plainAnswer,
  sendToNode,
  webResponse,
  type FileAnswer,
  type HeaderOf,
} from './file-answer.ts'
import { filePath, pathProblem } from './file-path.ts'
import { fileSpace, type FileSpace, type Owner } from './file-space.ts'
import { addressRefused, assertSigned, claimedAccess, dispositionOf, signedQuery, type SignedAccess } from './signature.ts'
import { tenantPattern } from './tenant-pattern.ts'

/** A tenancy, the result of `createTenancy(config)` with the option `files`. */
export interface FilesTenancy {
  readonly options: {
    readonly files:
      | { readonly store: FileStore; readonly quota: number | ((tenant: Tenant<any>) => number | undefined) | undefined }
      | undefined
  }
  readonly tenants: { get(ref: TenantRef): Promise<Tenant<any>> }
  current(): Tenant<any>
  scope(): { readonly kind: 'tenant'; readonly tenant: Tenant<any> } | { readonly kind: 'shared' } | undefined
  run<T>(ref: TenantRef, fn: () => T): Promise<Awaited<T>>
  readonly [catalogKey]: unknown
}

export interface TenantFilesOptions {
  /** The address under which files of a tenant are served; `{id}` or `{schema}` stands for the tenant. @default '/files/{id}' */
  url?: string
  /** For signed addresses, where the store makes none itself: at least 32 random characters. */
  secret?: string
  /** In place of `secret`, while it is replaced: the newest first. */
  secrets?: readonly string[]
}

export interface SignedUrlOptions {
  /** For how many seconds it works; at most a week. @default 900 */
  expiresInSeconds?: number
  /** PUT: the address takes an upload. @default 'GET' */
  method?: 'GET' | 'PUT'
  /** The name under which a browser saves the file, or `inline`: it shows the file. @default the name of the file, saved */
  download?: string | { readonly inline: true }
  /** The largest upload. @default 10 MiB */
  maxBytes?: number
  /** How large the upload is exactly: for S3, which is told no limit. */
  size?: number
}

export interface FileUsageOf extends FileUsageFigures {
  /** By the option `files.quota`. Absent: none. */
  readonly limit?: number
}

/** The files of the current tenant. Outside of every tenant each method rejects with NO_TENANT. */
export interface TenantFiles extends FileSpace {
  /** Files that belong to no tenant, such as a common logo. Every tenant's code can reach them. */
  readonly shared: FileSpace
  /** What the files of the current tenant take. Costs one query with a quota; without one, a list of all files. @throws TenancyError NO_TENANT */
  usage(): Promise<FileUsageOf>
  /** Compares the count with the store, and corrects it: after another program has changed files. @throws TenancyError UNKNOWN_TENANT, FILE_STORE_FAILED */
  recount(ref: TenantRef): Promise<FileUsageOf>
  /** The address of a file, as `url` of the options says. It opens nothing: your routes decide who may read. @throws TenancyError NO_TENANT, INVALID_ARGUMENT */
  url(path: string): string
  /**
   * An address that serves this file alone for some time, without a sign-in; or takes one upload. S3 serves it itself; otherwise mount `handler`.
   * @example const url = await files.signedUrl('invoices/7.pdf', { expiresInSeconds: 60 })
   * @throws TenancyError NO_TENANT, INVALID_ARGUMENT, INVALID_OPTION
   */
  signedUrl(path: string, options?: SignedUrlOptions): Promise<string>
  /**
   * Answers requests for signed addresses: for node:http, Express and others of its form. Everything that is not as it was signed gets the same 403. What fails otherwise
   * goes to `next`.
   * @example app.use('/files', files.handler)
   */
  readonly handler: (
    req: IncomingMessage & { readonly originalUrl?: string },
    res: ServerResponse,
    next?: (error?: unknown) => void,
  ) => void
  /** The same for a web `Request`: Hono, Fastify by `fastify.route`, Next.js. @example app.all('/files/*', (c) => files.fetch(c.req.raw)) */
  readonly fetch: (request: Request) => Promise<Response>
}

/**
 * @example
 * const tenancy = createTenancy({ files: { store: diskStore('/srv/uploads'), quota: 10 * 2 ** 30 } })
 * const files = tenantFiles(tenancy)
 * await tenancy.run('acme', () => files.put('logo.png', createReadStream('logo.png')))
 * @throws TenancyError INVALID_OPTION
 */
export function tenantFiles(tenancy: FilesTenancy, options: TenantFilesOptions = {}): TenantFiles {
  assertKnownKeys('tenantFiles', options, ['url', 'secret', 'secrets'], 'INVALID_OPTION')
  return new OpenFiles(tenancy, options).api()
}

const day = 24 * 3600

class OpenFiles {
  readonly #tenancy: FilesTenancy
  readonly #store: FileStore
  readonly #usage: FileUsage | undefined
  readonly #urlOf: (tenant: Tenant<any>) => string
  readonly #secrets: readonly string[]

  constructor(tenancy: FilesTenancy, { url = '/files/{id}', ...secrets }: TenantFilesOptions) {
    const files = tenancy?.options?.files
    if (files === undefined) {
      throw new TenancyError(
        'INVALID_OPTION',
        "tenantFiles needs a tenancy whose config says where files are: files: { store: diskStore('/srv/uploads') }. The command line reads it there, too, so that it deletes and copies the files of a tenant.",
        { details: { what: 'tenantFiles', option: 'files' } },
      )
    }
    this.#tenancy = tenancy
    this.#store = files.store
    this.#urlOf = tenantPattern('tenantFiles', 'url', url, 'url')
    this.#secrets = 'secret' in secrets || 'secrets' in secrets ? masterSecrets('tenantFiles', secrets) : []
    if (files.quota !== undefined) {
      this.#usage = new FileUsage(tenancy[catalogKey] as UsageCatalog, files.store)
    }
  }

  api(): TenantFiles {
    const space = fileSpace(this.#store, () => this.#ownerOf(this.#tenancy.current()))
    return Object.freeze<TenantFiles>({
      ...space,
      shared: fileSpace(this.#store, () => sharedOwner),
      usage: async () => this.#usageOf(this.#tenancy.current()),
      recount: (ref) => this.#recount(ref),
      url: (path) => this.#url(this.#tenancy.current(), filePath('files.url', path)),
      signedUrl: async (path, options = {}) =>
        this.#signedUrl(this.#tenancy.current(), filePath('files.signedUrl', path), options),
      handler: (req, res, next) => {
        this.#answerTo(req.method ?? 'GET', req.originalUrl ?? req.url ?? '/', nodeHeader(req), () => req)
          .then((answer) => sendToNode(req, res, answer))
          .catch((error: unknown) => {
            if (next !== undefined) return next(error)
            if (!res.headersSent) return void sendToNode(req, res, plainAnswer(500, 'The file could not be served.\n'))
            res.destroy()
          })
      },
      fetch: async (request) => {
        const { method, headers, body } = request
        const content = (): Readable => (body === null ? Readable.from([]) : Readable.fromWeb(body as NodeWebStream))
        return webResponse(method, await this.#answerTo(method, request.url, (name) => headers.get(name) ?? undefined, content))
      },
    })
  }

  #ownerOf(tenant: Tenant<any>): Owner {
    const usage = this.#usage
    const changing: Owner['changing'] = async (path, size, work) => {
      if (usage === undefined) {
        const result = await work(async () => {})
        await this.#assertStays(tenant, path)
        return result
      }
      const limit = this.#limitOf(tenant)
      const reservation = await usage.begin(tenant, path, size ?? 0, size === 0 ? undefined : limit)
      let renewed = performance.now()
      const grow = async (total: number): Promise<void> => {
        const isOld = performance.now() - renewed > renewMs
        if (total <= reservation.bytes && !isOld) return
        renewed = performance.now()
        // Larger steps for larger files, so that a large one is not asked for often.
        const step = size === undefined ? Math.min(Math.max(total, 2 ** 20), 64 * 2 ** 20) : 0
        await usage.grow(reservation, Math.max(total, size ?? 0), Math.max(total, size ?? 0) + step, limit)
      }
      const result = await work(grow).catch(async (error: unknown) => {
        // The error of the work counts. What could not be given back is given back when the reservation is over.
        await usage.end(reservation).catch(() => {})
        throw error
      })
      if (!(await usage.end(reservation))) await this.#takeBack(tenant, path)
      return result
    }
    return { folder: folderOfTenant(tenant.id), changing }
  }

  /** A file that was stored while its tenant was being deleted would stay behind. */
  async #assertStays(tenant: Tenant<any>, path: string): Promise<void> {
    const now = await this.#tenancy.tenants.get({ id: tenant.id }).catch((error: unknown) => {
      if (tenancyErrorOf(error, 'UNKNOWN_TENANT') === undefined) throw error
      return undefined
    })
    if (now === undefined || now.status === 'deleting') await this.#takeBack(tenant, path)
  }

  async #takeBack({ id }: Tenant<any>, path: string): Promise<never> {
    await this.#store.delete(`${folderOfTenant(id)}/${path}`)
    throw unknownTenant(id)
  }

  #limitOf(tenant: Tenant<any>): number | undefined {
    const { quota } = this.#tenancy.options.files!
    const limit = typeof quota === 'function' ? quota(tenant) : quota
    if (limit === undefined || limit === Infinity) return undefined
    if (typeof limit === 'number' && limit >= 0) return Math.floor(limit)
    throw new TenancyError(
      'INVALID_OPTION',
      `"files.quota" must return a number of bytes, or undefined; it returned ${seen(limit)}.`,
      {
        details: { option: 'files.quota' },
      },
    )
  }

  async #usageOf(tenant: Tenant<any>): Promise<FileUsageOf> {
    const limit = this.#limitOf(tenant)
    const { bytes, files } = this.#usage === undefined ? await this.#listed(tenant) : await this.#usage.usage(tenant.id)
    return Object.freeze({ bytes, files, ...(limit !== undefined && { limit }) })
  }

  async #listed({ id }: Tenant<any>): Promise<FileUsageFigures> {
    let [bytes, files] = [0, 0]
    for await (const { size } of eachStored(this.#store, folderOfTenant(id))) {
      bytes += size
      files++
    }
    return { bytes, files }
  }

  async #recount(ref: TenantRef): Promise<FileUsageOf> {
    const tenant = await this.#tenancy.tenants.get(ref)
    if (this.#usage !== undefined) await recountFiles(this.#tenancy[catalogKey] as UsageCatalog, this.#store, tenant)
    return this.#usageOf(tenant)
  }

  #url(tenant: Tenant<any>, path: string): string {
    return `${this.#urlOf(tenant)}/${path.split('/').map(encodeURIComponent).join('/')}`
  }

  async #signedUrl(tenant: Tenant<any>, path: string, options: SignedUrlOptions): Promise<string> {
    assertKnownKeys('files.signedUrl', options, ['expiresInSeconds', 'method', 'download', 'maxBytes', 'size'])
    const { expiresInSeconds = 900, method = 'GET', download, size, maxBytes = size ?? 10 * 2 ** 20 } = options
    assertNumber('expiresInSeconds', expiresInSeconds, 1, 7 * day)
    assertNumber('maxBytes', maxBytes, 0)
    if (method !== 'GET' && method !== 'PUT') throw invalid('method', "must be 'GET' or 'PUT'")
    const disposition = checkedDisposition(path, download)
    if (this.#store.signedUrl !== undefined) {
      if (method === 'PUT' && size === undefined)
        throw invalid('size', `is needed for PUT: ${this.#store.name} is told no limit, only the exact size`)
      if (method === 'PUT' && this.#usage !== undefined)
        throw invalid(
          'method',
          `PUT is not possible with the option "files.quota": ${this.#store.name} takes the upload itself, and cannot count it. Let uploads come to your application`,
        )
      const signature = { method, expiresInSeconds, contentType: contentTypeOf(path), disposition, size }
      return this.#store.signedUrl(`${folderOfTenant(tenant.id)}/${path}`, signature)
    }
    const [secret] = this.#secrets
    if (secret === undefined) {
      throw new TenancyError(
        'INVALID_OPTION',
        'tenantFiles needs "secret" for signed addresses, a text of at least 32 random characters. Make one with: openssl rand -base64 32',
        { details: { what: 'tenantFiles', option: 'secret' } },
      )
    }
    const expires = Math.floor(Date.now() / 1000) + expiresInSeconds
    const access: SignedAccess = {
      tenantId: tenant.id,
      path,
      method,
      expires,
      disposition,
      maxBytes: method === 'PUT' ? maxBytes : 0,
    }
    return `${this.#url(tenant, path)}?${signedQuery(secret, access)}`
  }

  async #answerTo(method: string, url: string, header: HeaderOf, body: () => Readable): Promise<FileAnswer> {
    try {
      const access = await this.#accessOf(method, url)
      return await this.#tenancy.run({ id: access.tenantId }, () => this.#serve(access, method, header, body))
    } catch (error) {
      const refusal = tenancyErrorOf(error)
      // One answer for all: it tells no stranger what was wrong.
      if (refusal !== undefined && refusedCodes.has(refusal.code)) return refused
      if (refusal?.code === 'QUOTA_EXCEEDED' || refusal?.code === 'INVALID_ARGUMENT')
        return plainAnswer(413, 'The file is not taken.\n')
      throw error
    }
  }

  /** @throws TenancyError TOKEN_REFUSED, UNKNOWN_TENANT */
  async #accessOf(method: string, url: string): Promise<SignedAccess> {
    const { pathname, searchParams } = new URL(url, 'http://localhost')
    const tenantId = claimedAccess(searchParams, '')?.tenantId
    const scope = this.#tenancy.scope()
    if (tenantId === undefined || (scope?.kind === 'tenant' && scope.tenant.id !== tenantId)) throw addressRefused('tenant')
    const path = pathIn(
      pathname,
      new URL(this.#urlOf(await this.#tenancy.tenants.get({ id: tenantId })), 'http://localhost').pathname,
    )
    const access = path === undefined ? undefined : claimedAccess(searchParams, path)
    if (access === undefined) throw addressRefused('form')
    assertSigned(this.#secrets, access, searchParams.get('signature') ?? '', Date.now())
    if (method !== access.method && !(method === 'HEAD' && access.method === 'GET')) throw addressRefused('method')
    return access
  }

  async #serve(
    { path, disposition, maxBytes, expires }: SignedAccess,
    method: string,
    header: HeaderOf,
    body: () => Readable,
  ): Promise<FileAnswer> {
    const space = fileSpace(this.#store, () => this.#ownerOf(this.#tenancy.current()))
    if (method === 'PUT') {
      await space.put(path, body(), { maxBytes })
      return { status: 204, headers: { 'cache-control': 'no-store' }, body: undefined }
    }
    const facts = await space.stat(path)
    if (facts === undefined) return missing
    const seconds = Math.max(0, expires - Math.floor(Date.now() / 1000))
    return answerWith(method, header, {
      facts,
      contentType: facts.contentType,
      headers: {
        'content-disposition': disposition,
        'cache-control': `private, max-age=${seconds}`,
        // A page that a user has uploaded must not run as a page of the application.
        'content-security-policy':
          "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'",
      },
      isDateEnough: true,
      open: async (range) => (await space.get(path, range))?.body,
    })
  }
}

const renewMs = 10 * 60_000
const refusedCodes = new Set<string>(['TOKEN_REFUSED', 'UNKNOWN_TENANT', 'TENANT_SUSPENDED', 'TENANT_CHANGED'])
const refused = plainAnswer(403, 'This address is not valid, or not any more.\n')

const sharedOwner: Owner = { folder: sharedFolder, changing: (_path, _size, work) => work(async () => {}) }

/** What stands behind the address of the tenant; undefined where it is no path of a file. */
function pathIn(pathname: string, base: string): string | undefined {
  const at = pathname.indexOf(`${base}/`)
  if (at === -1) return undefined
  try {
    const path = decodeURIComponent(pathname.slice(at + base.length + 1))
    return pathProblem(path) === undefined ? path : undefined
  } catch {
    return undefined
  }
}

function checkedDisposition(path: string, download: SignedUrlOptions['download']): string {
  const name = path.split('/').at(-1)!
  if (download === undefined) return dispositionOf('attachment', name)
  if (typeof download === 'object' && download?.inline === true) return dispositionOf('inline', name)
  if (typeof download !== 'string' || download === '' || download.length > 255 || !download.isWellFormed())
    throw invalid('download', 'must be a name of 1 to 255 characters, or { inline: true }')
  return dispositionOf('attachment', download)
}

function assertNumber(option: string, value: number, least: number, most?: number): void {
  const range = { least, ...(most !== undefined && { most }) }
  assertWholeNumber('INVALID_ARGUMENT', `"${option}" of files.signedUrl`, option, value, range)
}

function invalid(option: string, problem: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `"${option}" of files.signedUrl ${problem}.`, {
    details: { what: 'files.signedUrl', option },
  })
}
