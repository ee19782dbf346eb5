/** The Caddyfile of this folder, with certificates that Caddy signs itself. */
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { connect } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { freePort } from '../../../packages/partywall/src/embedded/free-port.ts'
import { overHttps } from './ask.ts'
import { behindAProxy } from './behind-a-proxy.ts'
import { has, notInstalled, scratchFolder, start } from './program.ts'
import { startShop } from './shop.ts'

const isThere = has('caddy')
const file = fileURLToPath(new URL('../caddy/Caddyfile', import.meta.url))

describe.skipIf(!isThere)(`Caddy${isThere ? '' : ` (${notInstalled('caddy')})`}`, async () => {
  if (!isThere) return
  const shop = await startShop()
  const [http, https] = [await freePort(), await freePort()]
  const folder = await scratchFolder()
  await start(`caddy run --config '${file}' --adapter caddyfile`, https, {
    BASE_DOMAIN: 'shop.test',
    HTTP_PORT: String(http),
    HTTPS_PORT: String(https),
    UPSTREAM: `127.0.0.1:${shop.port}`,
    ASK_URL: `http://127.0.0.1:${shop.askPort}/certificate-ask`,
    ISSUER: 'internal',
    XDG_DATA_HOME: folder,
    XDG_CONFIG_HOME: folder,
    HOME: folder,
  })
  behindAProxy(http, https)

  test('a domain that a customer has proven has a certificate of its own, and leads to that customer', async () => {
    const { names, body } = await overHttps(https, 'www.globex.test', '/products')
    expect(names).toBe('DNS:www.globex.test')
    expect(JSON.parse(body).names).toEqual(['anvil of globex'])
  })

  test('no other name has one, although it leads here', async () => {
    for (const servername of ['www.stranger.test', 'no-tenant.shop.test', 'a.acme.shop.test']) {
      const socket = connect({ port: https, host: '127.0.0.1', servername, rejectUnauthorized: false })
      await expect(once(socket, 'secureConnect')).rejects.toThrow(/alert/)
      expect(shop.asked).toContain(servername)
    }
  })
})
