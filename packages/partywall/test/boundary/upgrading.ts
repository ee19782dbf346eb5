/** A process that changes the boundary of a fleet, to be killed: it waits for a line with the configuration and the step. */
import { once } from 'node:events'
import { createTenancy, type BoundaryOptions, type Config } from '../../src/index.ts'

const [line] = (await once(process.stdin, 'data')) as [Buffer]
const { config, verb, options } = JSON.parse(String(line)) as {
  config: Config
  verb: 'upgrade' | 'downgrade'
  options: BoundaryOptions
}
const tenancy = createTenancy(config)
await tenancy.boundary[verb](options)
await tenancy.close()
process.exit()
