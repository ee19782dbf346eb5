/** The address of the database: what is refused at once, and that no message, no printed error and no cause shows a piece of a password. */
import { readFile } from 'node:fs/promises'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { Client, type ClientConfig } from 'pg'
import { describe, expect, test } from 'vitest'
import { createTenancy } from 'partywall'

/** The texts of all messages, and what stands in them for a server that has no password at all. */
const usualWords = [
  ...(await Promise.all(
    ['connection-string.ts', 'pool/unreachable.ts'].map((name) =>
      readFile(new URL(`../../src/database/${name}`, import.meta.url), 'utf8'),
    ),
  )),
  ...(await Promise.all(
    ['127.0.0.1:1', 'localhost:1', '[::1]:1'].map(async (host) => printed(await failureOf(`postgres://me@${host}/app`))),
  )),
].join('\n')

describe('a connection string that can be read in more than one way', () => {
  test.each([
    'p@ss/w:o#…',
    'p@ss',
    'pa/ss',
    'pa#ss',
    'pa?ss',
    '12/ss',
    '5432/w',
    'pa?host=evil.test&',
    'p%ss',
    '50%',
    'p%zz',
    'p%e2%28',
    'pa ss',
    'pa\tss',
    'x@other.test:5432/app?y=',
    '@',
    '/',
  ])('is refused with the password %j, and says to percent-encode', async (password) => {
    const error = await failureOf(`postgres://me:${password}@db.example.com:5432/app`)
    expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('encodeURIComponent(password)') })
    expectHidden(error, password)
  })

  test.each<[string, string | ClientConfig]>([
    ['several hosts', 'postgres://me:secret@a.test,b.test/app'],
    ['several hosts with ports', 'postgres://me:secret@a.test:5432,b.test:5433/app'],
    ['the form of libpq', 'host=db.example.com password=secret'],
    ['the form of libpq in an object', { connectionString: 'host=db.example.com password=secret' }],
    ['a port that is no number', 'postgres://me:secret@db.example.com:secret/app'],
    ['a port that is too large', 'postgres://me:secret@db.example.com:65536/app'],
    ['a port of the query that is no number', 'postgres://me@db.example.com/app?port=secret'],
    ['a connection string in the place of the host', { host: 'postgres://me:secret@db.example.com/app' }],
    ['a port of an object that is no number', { host: 'db.example.com', port: 'secret' as never }],
    ['an address of IPv6 without its end', 'postgres://me:secret@[::1/app'],
  ])('is refused: %s', async (_, database) => {
    const error = await failureOf(database)
    expect(error).toMatchObject({ code: 'INVALID_OPTION' })
    expect(printed(error)).not.toContain('secret')
  })

  test.each<[string, string, Partial<ClientConfig>]>([
    ['a password with other signs', 'postgres://me:p:a$s&s=+!*\'()[]~^|\\"<>{}@db.test/app', { host: 'db.test' }],
    ['an encoded password', `postgres://me:${encodeURIComponent('p@ss/w:o#?% …')}@db.test/app`, { password: 'p@ss/w:o#?% …' }],
    ['no password', 'postgresql://me@db.test', { host: 'db.test' }],
    ['no user', 'postgres://db.test:6432/app', { port: 6432 }],
    ['no host', 'postgres://me:secret@/app?host=/var/run/postgresql', { host: '/var/run/postgresql' }],
    ['no host at all', 'postgres:///app', { database: 'app' }],
    ['an encoded socket', 'postgres://me:secret@%2Fvar%2Frun%2Fpostgresql/app', { host: '/var/run/postgresql' }],
    ['an address of IPv6', 'postgres://me:secret@[::1]:5432/app', { port: 5432 }],
    ['options', 'postgres://db_1.test/app?sslmode=no-verify&application_name=a%40b', { host: 'db_1.test' }],
  ])('is none of these: %s', async (_, connectionString, parts) => {
    await createTenancy({ database: connectionString }).close()
    expect(new Client(connectionString)).toMatchObject(parts)
  })
})

test('a password of any characters reaches the right server, or is refused, and no text shows three of its characters', async () => {
  const characters = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...'@/:#?% &=+,;[]\\') },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
    { weight: 2, arbitrary: fc.constantFrom(...'0123456789abcdefXYZ') },
  )
  const passwords = fc.array(characters, { minLength: 1, maxLength: 16 }).map((all) => all.join(''))
  const hosts = fc.constantFrom('127.0.0.1:1', 'localhost:1', '[::1]:1')
  await fc.assert(
    fc.asyncProperty(passwords, hosts, fc.boolean(), async (password, host, isEncoded) => {
      const text = `postgres://me:${isEncoded ? encodeURIComponent(password.toWellFormed()) : password}@${host}/app`
      const error = await failureOf(text)
      const { code } = error as { code: string }
      if (isEncoded) expect(code).toBe('DATABASE_UNREACHABLE')
      if (code !== 'INVALID_OPTION') {
        const client = new Client(text)
        expect({
          at: `${client.host}:${client.port}`.replace(/^::1/, '[::1]'),
          database: client.database,
          user: client.user,
        }).toEqual({
          at: host,
          database: 'app',
          user: 'me',
        })
        if (isEncoded) expect(client.password).toBe(password.toWellFormed())
      }
      expectHidden(error, password)
    }),
    { numRuns: 300 },
  )
})

test.each<[string, ClientConfig]>([
  ['database', { host: '127.0.0.1', port: 1, database: 'postgres://me:secret@db.test/app' }],
  ['user', { host: '127.0.0.1', port: 1, user: 'me:secret' }],
])('an object with a connection string in the place of the %s shows nothing of it', async (_, database) => {
  const error = await failureOf(database)
  expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE', message: expect.stringContaining('[hidden]') })
  expect(printed(error)).not.toContain('secret')
})

/** The error of a tenancy that cannot connect. */
async function failureOf(database: string | ClientConfig): Promise<unknown> {
  try {
    await using tenancy = createTenancy({ database, pool: { connectionTimeoutMillis: 2000 } })
    await tenancy.sharedPool.query('select 1')
  } catch (error) {
    return error
  }
  return expect.fail('it connected')
}

/** As a log may show it: with its cause and all properties, or as JSON. Without the stack, which names files. */
function printed(error: unknown): string {
  const texts: string[] = []
  for (let at = error; at instanceof Error; at = at.cause) {
    texts.push(at.message, JSON.stringify(at), inspect({ ...at }, { depth: 10, showHidden: true }))
  }
  return texts.join('\n').replaceAll(/^ +at .*$/gm, '')
}

/** Three characters of it, unless they are in the words of every message. */
function expectHidden(error: unknown, password: string): void {
  const shown = printed(error)
  for (const piece of piecesOf(password)) if (!usualWords.includes(piece)) expect(shown).not.toContain(piece)
  expect(inspect(error, { depth: 10 })).not.toContain(`:${password}@`)
}

function piecesOf(password: string): string[] {
  return Array.from({ length: Math.max(0, password.length - 2) }, (_, at) => password.slice(at, at + 3))
}
