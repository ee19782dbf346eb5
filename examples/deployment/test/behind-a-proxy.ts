/** What holds behind each proxy of this folder. */
import { expect, test } from 'vitest'
import { firstPart, overHttp, overHttps } from './ask.ts'

export function behindAProxy(http: number, https: number): void {
  test('two tenants have their own rows, over https', async () => {
    for (const schema of ['acme', 'globex']) {
      const { status, body } = await overHttps(https, `${schema}.shop.test`, '/products')
      expect([status, JSON.parse(body)]).toEqual([
        200,
        { names: [`anvil of ${schema}`], ip: '127.0.0.1', protocol: 'https', host: `${schema}.shop.test` },
      ])
    }
  })

  test('http leads to https, and https says that it stays', async () => {
    const { status, headers } = await overHttp(http, 'acme.shop.test', '/products?page=2')
    expect([301, 308]).toContain(status)
    expect(headers.location).toMatch(/^https:\/\/acme\.shop\.test(:\d+)?\/products\?page=2$/)
    expect((await overHttps(https, 'acme.shop.test', '/products')).headers['strict-transport-security']).toBe('max-age=31536000')
  })

  test('what a visitor says about the host, the address and the protocol is not believed', async () => {
    const forged = {
      'x-forwarded-host': 'globex.shop.test',
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'http',
      forwarded: 'host=globex.shop.test;proto=http;for=203.0.113.9',
    }
    const { status, body } = await overHttps(https, 'acme.shop.test', '/products', { headers: forged })
    expect([status, JSON.parse(body)]).toEqual([
      200,
      { names: ['anvil of acme'], ip: '127.0.0.1', protocol: 'https', host: 'acme.shop.test' },
    ])
  })

  test('two hosts in one request, and a host with other signs, reach no tenant', async () => {
    for (const host of ['acme.shop.test, globex.shop.test', 'acme.shop.test@globex.shop.test', 'no-tenant.shop.test']) {
      const { status, body } = await overHttps(https, host, '/products', { servername: 'acme.shop.test' })
      expect([400, 404, 421]).toContain(status)
      expect(body).not.toContain('anvil')
    }
  })

  test('events are passed on when they come', async () => {
    expect(await firstPart(https, 'acme.shop.test', '/events')).toBe('data: first\n\n')
  })
}
