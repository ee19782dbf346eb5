/** A program that clones or deletes a tenant with files, and stops for good in the middle of the files, after it said so. */
import { setTimeout as sleep } from 'node:timers/promises'
import { diskStore } from '../../src/files/files.ts'
import { createTenancy, type FileStore } from '../../src/index.ts'

const [url, root, call, schema] = process.argv.slice(2) as [string, string, 'clone' | 'delete', string]
const disk = diskStore(root)
let left = 5
const store = new Proxy(disk, {
  get(target, key) {
    const value: unknown = Reflect.get(target, key)
    if (typeof value !== 'function') return value
    return async (...args: unknown[]): Promise<unknown> => {
      if ((key === 'delete' || key === 'copy') && left-- <= 0) {
        process.stdout.write('half-way\n')
        await sleep(600_000)
      }
      return Reflect.apply(value, target, args) as unknown
    }
  },
}) as FileStore
const { tenants } = createTenancy({
  database: url,
  migrations: { shared: false, tenant: false },
  files: { store, quota: 10_000 },
})
if (call === 'clone') await tenants.clone(schema, { schema: `${schema}-copy` })
else await tenants.delete(schema, { confirm: schema })
