/** Folders in which a file is looked for: that of the current tenant first, then those that all tenants have in common. No lookup leaves its folder. */
import { statSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { TenancyError } from '../errors.ts'
import { inFolder, openFile } from '../files/disk/folder.ts'
import { tenantPattern } from '../files/tenant-pattern.ts'
import { seen } from '../seen.ts'
import type { Tenant } from '../types.ts'

/** A tenancy, the result of `createTenancy(config)`. */
export interface LayersTenancy {
  scope(): { readonly kind: 'tenant'; readonly tenant: Tenant<any> } | { readonly kind: 'shared' } | undefined
  current(): Tenant<any>
}

export interface LayerOptions {
  /** The folder that all tenants have in common, or several: the first one that has the file counts. Relative to the working directory. */
  common?: string | readonly string[]
  /**
   * The folder of a tenant, with `{id}` or `{schema}` in it, e.g. `tenants/{schema}/public`. What is in front of it must exist; a tenant without a folder has the common files. A
   * schema may have another tenant later, when the first one is deleted or renamed; an id never has.
   */
  tenants?: string
}

export interface FoundFile {
  /** On the disk. */
  readonly file: string
  /** Whose file it is. */
  readonly layer: 'tenant' | 'common'
}

export class Layers {
  readonly #tenancy: LayersTenancy
  readonly #common: readonly string[]
  readonly #ofTenant: ((tenant: Tenant<any>) => { readonly root: string; readonly names: readonly string[] }) | undefined

  /** @throws TenancyError INVALID_OPTION; also for a folder that does not exist */
  constructor(what: string, tenancy: LayersTenancy, { common = [], tenants }: LayerOptions) {
    if (typeof tenancy?.scope !== 'function') {
      throw invalid(what, 'tenancy', `takes a tenancy, the result of createTenancy(config); it got ${seen(tenancy)}.`)
    }
    this.#tenancy = tenancy
    const given: unknown = typeof common === 'string' ? [common] : common
    if (!Array.isArray(given) || given.some((folder) => typeof folder !== 'string' || folder === ''))
      throw invalid(what, 'common', 'takes a folder, or a list of folders, as "common".')
    if (given.length === 0 && tenants === undefined)
      throw invalid(what, 'common', 'needs a folder: "common", "tenants" with {id} or {schema}, or both.')
    this.#common = (given as string[]).map((folder) => existing(what, 'common', folder))
    if (tenants === undefined) return
    const folderOf = tenantPattern(what, 'tenants', tenants, 'path')
    // What stands in front of the place for the tenant is chosen by the operator, and may hold links.
    const fixed = tenants.slice(0, tenants.indexOf('{')).replace(/[^/]*$/, '')
    const root = existing(what, 'tenants', fixed === '' ? '.' : fixed)
    this.#ofTenant = (tenant) => ({ root, names: folderOf(tenant).slice(fixed.length).split('/') })
  }

  /** The tenant whose files come first; undefined in the shared scope. @throws TenancyError NO_TENANT outside every scope */
  tenant(): Tenant<any> | undefined {
    const scope = this.#tenancy.scope()
    return scope?.kind === 'shared' ? undefined : this.#tenancy.current()
  }

  /** The folders, those of the tenant first. A folder of a tenant need not exist. */
  folders(): readonly string[] {
    return this.#layers().map(({ root, names }) => join(root, ...names))
  }

  /** All files of this path, the tenant's first. @param path was checked */
  async all(path: string): Promise<FoundFile[]> {
    const found: FoundFile[] = []
    for (const layer of this.#layers()) {
      const handle = await openedIn(layer, path)
      if (handle === undefined) continue
      await handle.close()
      found.push({ file: join(layer.root, ...layer.names, path), layer: layer.layer })
    }
    return found
  }

  /** The file that counts, opened. The caller closes it. @param path was checked */
  async open(path: string): Promise<(FoundFile & { readonly handle: FileHandle }) | undefined> {
    for (const layer of this.#layers()) {
      const handle = await openedIn(layer, path)
      if (handle !== undefined) return { file: join(layer.root, ...layer.names, path), layer: layer.layer, handle }
    }
    return undefined
  }

  #layers(): Layer[] {
    const tenant = this.tenant()
    const common = this.#common.map((root): Layer => ({ root, names: [], layer: 'common' }))
    return tenant === undefined || this.#ofTenant === undefined
      ? common
      : [{ ...this.#ofTenant(tenant), layer: 'tenant' }, ...common]
  }
}

interface Layer {
  readonly root: string
  readonly names: readonly string[]
  readonly layer: FoundFile['layer']
}

async function openedIn({ root, names }: Layer, path: string): Promise<FileHandle | undefined> {
  const parts = [...names, ...path.split('/')]
  return inFolder(root, parts.slice(0, -1), false, async (folder) =>
    folder === undefined ? undefined : openFile(folder, parts.at(-1)!),
  )
}

function existing(what: string, option: string, folder: string): string {
  const path = isAbsolute(folder) ? folder : resolve(folder)
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return path
  throw invalid(
    what,
    option,
    `has a folder in "${option}" that does not exist: ${JSON.stringify(path)}. Create it, or correct the path.`,
  )
}

function invalid(what: string, option: string, problem: string): TenancyError {
  return new TenancyError('INVALID_OPTION', `${what} ${problem}`, { details: { what, option } })
}
