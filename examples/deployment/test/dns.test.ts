/** The zone of this folder, served by a name server. */
import { Resolver } from 'node:dns/promises'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { freePort } from '../../../packages/partywall/src/embedded/free-port.ts'
import { has, notInstalled, scratchFolder, start } from './program.ts'

const isThere = has('nsd')

describe.skipIf(!isThere)(`the zone, asked at NSD${isThere ? '' : ` (${notInstalled('nsd')})`}`, async () => {
  if (!isThere) return
  const port = await freePort()
  const folder = await scratchFolder()
  const zone = fileURLToPath(new URL('../dns/example.com.zone', import.meta.url))
  const settings = `
server:
  ip-address: 127.0.0.1@${port}
  username: ""
  zonesdir: "${folder}"
  database: ""
  logfile: "${folder}/log"
  pidfile: "${folder}/pid"
  xfrdfile: "${folder}/xfrd"
  xfrdir: "${folder}"
  zonelistfile: "${folder}/list"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: example.com
  zonefile: "${zone}"
`
  await writeFile(join(folder, 'nsd.conf'), settings)
  await start(`nsd -d -c '${folder}/nsd.conf'`, port)
  const resolver = new Resolver()
  resolver.setServers([`127.0.0.1:${port}`])

  test('leads the apex and the host of each tenant to the proxy', async () => {
    for (const host of ['example.com', 'acme.example.com', 'globex.example.com', 'www.example.com', 'customers.example.com']) {
      expect([host, await resolver.resolve4(host)]).toEqual([host, ['203.0.113.10']])
      expect([host, await resolver.resolve6(host)]).toEqual([host, ['2001:db8::10']])
    }
  })

  test('permits one issuer, for the wildcard too', async () => {
    const records = await resolver.resolveCaa('example.com')
    expect(records.map(({ issue, issuewild }) => issue ?? `*: ${issuewild}`).toSorted()).toEqual([
      '*: letsencrypt.org',
      'letsencrypt.org',
    ])
  })
})
