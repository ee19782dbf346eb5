/** The option `files`: where the files of tenants are, and how much room each has. */
import type { FileStore } from '../file-store.ts'
import type { Tenant } from '../types.ts'
import { invalid, knownKeys } from './checks.ts'

export interface FilesConfig {
  /** Where the files are, e.g. `diskStore('/srv/uploads')` of partywall/files. */
  store: FileStore
  /**
   * Most bytes that the files of one tenant may take together, or a function that returns them for a tenant, e.g. by its plan; undefined is no limit. With this option
   * each change of a file is recorded in the catalog, which costs two transactions.
   * @default no limit, and nothing is counted
   */
  quota?: number | ((tenant: Tenant<any>) => number | undefined)
}

export interface FilesOption {
  readonly store: FileStore
  readonly quota: number | ((tenant: Tenant<any>) => number | undefined) | undefined
}

export function filesOption(given: FilesConfig | undefined): FilesOption | undefined {
  if (given === undefined) return undefined
  knownKeys('files.', given, ['store', 'quota'])
  const { store, quota } = given
  const missing = parts.find((part) => typeof (store as Partial<FileStore> | undefined)?.[part] !== 'function')
  if (missing !== undefined) {
    throw invalid('files.store', store, "a store of files, such as diskStore('/srv/uploads') of partywall/files")
  }
  const isQuota =
    quota === undefined || typeof quota === 'function' || quota === Infinity || (Number.isSafeInteger(quota) && quota >= 0)
  if (!isQuota) throw invalid('files.quota', quota, 'a whole number of bytes, or a function of the tenant that returns one')
  return Object.freeze({ store, quota })
}

const parts = ['put', 'get', 'stat', 'list', 'delete', 'copy', 'move'] as const
