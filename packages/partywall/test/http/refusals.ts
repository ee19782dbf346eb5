import { expect } from 'vitest'
import type { listen } from './listen.ts'

/** Which requests an adapter must refuse, and how, when its one route answers "reached". */
export async function expectRefusals(
  { send, raw }: Pick<Awaited<ReturnType<typeof listen>>, 'send' | 'raw'>,
  contentType: string,
) {
  expect(await send({ host: 'missing.example.com' })).toMatchObject({
    status: 404,
    headers: { 'content-type': contentType, 'cache-control': 'no-store' },
    json: { code: 'UNKNOWN_TENANT' },
  })
  expect(await send({ host: 'example.com' })).toMatchObject({ status: 404, json: { code: 'TENANT_REQUIRED' } })
  expect(await send({ host: 'suspended.example.com' })).toMatchObject({ status: 403 })
  expect(await send({ host: 'tenant1.example.com', headers: { 'x-forwarded-host': 'tenant2.example.com' } })).toMatchObject({
    text: 'reached',
  })
  expect(await raw('Host: tenant1.example.com\r\nHost: tenant2.example.com')).toMatch(/^HTTP\/1\.1 400 /)
}
