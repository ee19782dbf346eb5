/** A process that adopts a fleet, started and killed by adopt-in-place.test.ts: adopt-many.ts <url> <root> <pattern> */
import { createTenancy } from '../../src/tenancy.ts'

const [database, root, like] = process.argv.slice(2) as [string, string, string]
await using tenancy = createTenancy({ database, root })
await tenancy.tenants.adoptAll({ like, concurrency: 2, onEntry: ({ target }) => console.log(target) })
