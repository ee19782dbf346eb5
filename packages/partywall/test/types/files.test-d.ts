/** What the compiler must accept, and refuse, of files. */
import { S3Client } from '@aws-sdk/client-s3'
import { createStorage } from 'unstorage'
import { createTenancy, defineConfig, type FileStore } from '../../src/index.ts'
import { diskStore, tenantFiles, unstorageStore, type FileFacts } from '../../src/files/files.ts'
import { s3Store } from '../../src/files/s3-store.ts'
import { staticFiles, tenantViews } from '../../src/static-files/static-files.ts'

const tenancy = createTenancy(
  defineConfig({ files: { store: diskStore('uploads'), quota: ({ kind }) => (kind === 'a' ? 1 : undefined) } }),
)
const files = tenantFiles(tenancy)
const stores: FileStore[] = [
  s3Store({ client: new S3Client({}), bucket: 'b' }),
  unstorageStore(createStorage()),
  unstorageStore(createStorage<string>(), { maxBytes: 1 }),
]
void stores

const stored: FileFacts = await files.put('a.txt', new Response('x').body!)
const text: string | undefined = await (await files.get('a.txt'))?.text()
void [stored, text]
for await (const { path } of files.shared.each()) path.toUpperCase()

// @ts-expect-error -- a file may be missing
void (await files.get('a.txt')).body
// @ts-expect-error -- a number is no body
void files.put('a.txt', 7)
// @ts-expect-error -- an option that does not exist
void files.put('a.txt', 'x', { maxByte: 1 })
// @ts-expect-error -- a method that is not signed
void files.signedUrl('a.txt', { method: 'DELETE' })
// @ts-expect-error -- the shared files have no count
void files.shared.usage()
// @ts-expect-error -- a path is no store
defineConfig({ files: { store: 'uploads' } })
// @ts-expect-error -- text is no limit
defineConfig({ files: { store: diskStore('uploads'), quota: () => '5 GB' } })
// @ts-expect-error -- a client without a bucket
s3Store({ client: new S3Client({}) })
// @ts-expect-error -- no storage
unstorageStore(new Map())

const statics = staticFiles(tenancy, { common: 'public' })
const views = tenantViews(tenancy, { common: 'views' })
const render: (name: string) => string = await views.load('a', (source) => (name) => source + name)
void [statics, render]
// @ts-expect-error -- one folder for all tenants is `common`
staticFiles(tenancy, { root: 'public' })
// @ts-expect-error -- what is compiled is what comes back
const wrong: number = await views.load('a', (source) => source)
void wrong
