import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { tenantOrigin, urlAt } from './address.ts'
import { byHeader } from './by-header.ts'
import { byHost } from './by-host.ts'
import { byPath } from './by-path.ts'

const acme = { id: '6f1c1c9e-8f5e-4c1b-9f1d-2f0d0c9b7a11', schema: 'acme' }
const at = (
  resolve: Parameters<typeof tenantOrigin>[2]['resolve'],
  appUrl?: string,
  primary?: string,
  schema = 'acme',
): string | undefined => {
  const origin = tenantOrigin({ ...acme, schema }, primary, { resolve, appUrl })
  return origin && urlAt(origin, '/a?b=c')
}

describe('the address of a tenant', () => {
  test('is its primary domain, where domains are looked up', () => {
    expect(at([byHost({ base: 'example.com' })], undefined, 'polls.acme.com')).toBe('https://polls.acme.com/a?b=c')
    expect(at([byHost({ base: 'example.com', customDomains: false })], undefined, 'polls.acme.com')).toBe(
      'https://acme.example.com/a?b=c',
    )
  })

  test('is under the base, with scheme and port of the application', () => {
    expect(at([byHost({ base: 'example.com' })])).toBe('https://acme.example.com/a?b=c')
    expect(at([byHost({ base: 'example.com' })], 'http://example.com:8080')).toBe('http://acme.example.com:8080/a?b=c')
    expect(at([byHost({ base: 'localhost' })])).toBe(`http://acme.localhost:${process.env['PORT'] || 3000}/a?b=c`)
    expect(
      at(
        [byHost({ base: ['eu.example.com', 'example.com'], label: 'x-{schema}', schema: 'tenant_{name}' })],
        undefined,
        undefined,
        'tenant_acme',
      ),
    ).toBe('https://x-acme.eu.example.com/a?b=c')
  })

  test('is not one that leads to another tenant or nowhere', () => {
    expect(at([byHost({ base: 'example.com', except: ['api.example.com'] })], undefined, undefined, 'api')).toBeUndefined()
    expect(at([byHost({ base: 'example.com', schema: 'tenant_{name}' })])).toBeUndefined()
    expect(at([byHost({ base: 'example.com' })], undefined, undefined, 'a_')).toBe('https://a_.example.com/a?b=c')
  })

  test('is a path of the application, whose host must be known', () => {
    const resolve = [byHeader('x-tenant'), byPath({ prefix: '/t' })]
    expect(at(resolve, 'https://example.com')).toBe('https://example.com/t/acme/a?b=c')
    expect(at([byPath({ accept: ['id'] })], 'https://example.com')).toBe(`https://example.com/${acme.id}/a?b=c`)
    expect(() => at(resolve)).toThrow('"appUrl"')
  })

  test('in development has the port of the variable PORT, where that is a port', () => {
    onTestFinished(() => void vi.unstubAllEnvs())
    for (const [port, shown] of [
      ['8123', '8123'],
      ['', '3000'],
      ['@evil.example', '3000'],
      ['\\\\.\\pipe\\x', '3000'],
      ['99999', '3000'],
    ] as const) {
      vi.stubEnv('PORT', port)
      expect(at([byHost({ base: 'localhost' })])).toBe(`http://acme.localhost:${shown}/a?b=c`)
    }
  })

  test('is no host with a label that DNS cannot have', () => {
    expect(at([byHost({ base: 'example.com', label: 'tenant-{schema}' })], undefined, undefined, 'x'.repeat(60))).toBeUndefined()
  })

  test('is unknown where no resolver says it', () => expect(at([byHeader('x-tenant'), () => undefined])).toBeUndefined())

  test.each(['', 'a', '//evil.com', '/\\evil.com', 'https://evil.com', '/a\nb', '/a b', '/../../globex/x', '/%2e%2e/globex', 7])(
    'refuses the path %j',
    (path) => {
      for (const resolve of [[byHost({ base: 'example.com' })], [byPath()]]) {
        const origin = tenantOrigin(acme, undefined, { resolve, appUrl: 'https://example.com' })!
        const isInside = typeof path === 'string' && path.includes('globex') && origin.mount === ''
        if (isInside) expect(urlAt(origin, path)).toBe('https://acme.example.com/globex' + (path.endsWith('/x') ? '/x' : ''))
        else expect(() => urlAt(origin, path as string)).toThrow('begins with one slash')
      }
    },
  )
})
