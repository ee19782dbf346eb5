/** partywall/files: the files of each tenant, apart from those of every other one, on the disk, in S3 or in a storage of unstorage. */
import '../node-version.ts'

export type { FileUsageFigures } from '../catalog/files/file-usage.ts'
export type { ByteRange, FileStore, StoredFacts, StoredKey, StoreSignature } from '../file-store.ts'
export type { FileBody } from './body.ts'
export { diskStore } from './disk/disk-store.ts'
export { fileName } from './file-path.ts'
export type { FileContent, FileFacts, FilePage, FileSpace, ListOptions, PutOptions } from './file-space.ts'
export {
  tenantFiles,
  type FilesTenancy,
  type FileUsageOf,
  type SignedUrlOptions,
  type TenantFiles,
  type TenantFilesOptions,
} from './tenant-files.ts'
export { unstorageStore, type UnstorageLike, type UnstorageOptions } from './unstorage-store.ts'
