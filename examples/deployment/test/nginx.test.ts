/** The configuration of nginx of this folder, with a wildcard certificate that the test signs. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { freePort } from '../../../packages/partywall/src/embedded/free-port.ts'
import { overHttp, overHttps } from './ask.ts'
import { behindAProxy } from './behind-a-proxy.ts'
import { has, notInstalled, scratchFolder, start } from './program.ts'
import { startShop } from './shop.ts'

const isThere = has('nginx')

describe.skipIf(!isThere)(`nginx${isThere ? '' : ` (${notInstalled('nginx')})`}`, async () => {
  if (!isThere) return
  const shop = await startShop()
  const [http, https] = [await freePort(), await freePort()]
  const folder = await scratchFolder()
  const [certificate, key] = [join(folder, 'shop.pem'), join(folder, 'shop.key')]
  const names = 'subjectAltName=DNS:shop.test,DNS:*.shop.test'
  const self = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', [...self, '-subj', '/CN=shop.test', '-addext', names, '-keyout', key, '-out', certificate], {
    stdio: 'ignore',
  })
  const settings: Record<string, string> = {
    BASE_DOMAIN: 'shop.test',
    UPSTREAM: `127.0.0.1:${shop.port}`,
    CERTIFICATE: certificate,
    CERTIFICATE_KEY: key,
    HTTP_PORT: String(http),
    HTTPS_PORT: String(https),
  }
  // As envsubst does.
  const template = await readFile(new URL('../nginx/partywall.conf.template', import.meta.url), 'utf8')
  const site = template.replaceAll(/\$\{(\w+)\}/g, (all, name: string) => settings[name] ?? all)
  await writeFile(join(folder, 'site.conf'), site)
  await writeFile(join(folder, 'nginx.conf'), around(folder))
  await start(`nginx -c '${folder}/nginx.conf' -p '${folder}' -g 'daemon off;'`, https)
  behindAProxy(http, https)

  test('a name that is not yours has neither a certificate nor an answer', async () => {
    const socket = connect({ port: https, host: '127.0.0.1', servername: 'www.stranger.test', rejectUnauthorized: false })
    await expect(once(socket, 'secureConnect')).rejects.toThrow(/alert/)
    await expect(overHttp(http, 'www.stranger.test', '/products')).rejects.toThrow(/hang up|reset/)
  })

  test('what is larger than the limit is refused before it reaches the application', async () => {
    const headers = { 'content-length': String(26 * 1024 * 1024) }
    expect((await overHttps(https, 'acme.shop.test', '/products', { headers })).status).toBe(413)
  })
})

/** The file around it, which Debian has in /etc/nginx/nginx.conf. Without root, as one process. */
function around(folder: string): string {
  return `
pid ${folder}/nginx.pid;
error_log stderr;
worker_processes 1;
master_process off;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  include ${folder}/site.conf;
}
`
}
