/** From when on the doctor speaks, without a database: what a server is rarely near in a test. */
import { expect, test } from 'vitest'
import { observe as observeScopes } from '../../src/doctor/fleet/both-scopes.ts'
import { observe as observeHeads } from '../../src/doctor/fleet/heads.ts'
import { observe as observeMemory } from '../../src/doctor/fleet/backend-memory.ts'
import { observe as observeFleet } from '../../src/doctor/fleet/number-of-schemas.ts'
import { observe as observeSequences } from '../../src/doctor/fleet/sequences.ts'
import { lagging } from '../../src/doctor/server/catalog-vacuum.ts'
import { nearlyAll, tooFew } from '../../src/doctor/server/connections.ts'
import { observe as observeTls } from '../../src/doctor/server/encryption.ts'
import { observe as observeLocks } from '../../src/doctor/server/lock-table.ts'
import { observe as observeBuffers } from '../../src/doctor/server/shared-buffers.ts'
import { observe as observeAges } from '../../src/doctor/server/transaction-age.ts'
import { driverVersion, nodeVersion, serverVersion } from '../../src/doctor/server/versions.ts'
import { TenancyError } from '../../src/errors.ts'

const severities = (found: readonly { readonly severity: string }[]): string[] => found.map(({ severity }) => severity)

test('the number of schemas is information from 1,000 tenants on, and a warning above 10,000, or with a million tables and indexes', () => {
  expect(observeFleet({ tenants: 1000, relations: 100_000 })).toEqual([])
  expect(severities(observeFleet({ tenants: 1001, relations: 10 }))).toEqual(['info'])
  expect(severities(observeFleet({ tenants: 50, relations: 100_001 }))).toEqual(['info'])
  expect(severities(observeFleet({ tenants: 10_000, relations: 1_000_000 }))).toEqual(['info'])
  expect(severities(observeFleet({ tenants: 10_001, relations: 10 }))).toEqual(['warning'])
  expect(severities(observeFleet({ tenants: 10, relations: 1_000_001 }))).toEqual(['warning'])
})

test('the table of locks is too small when the largest tenant takes more than half of it, or a dump more than all', () => {
  const locks = { room: 6400, perTransaction: 64, largest: 'acme', objects: 3200, tables: 6400 }
  expect(observeLocks(locks)).toEqual([])
  expect(observeLocks({ ...locks, objects: 3201 })).toMatchObject([
    { severity: 'warning', tenant: 'acme', fix: expect.stringContaining('at least 65,') },
  ])
  expect(severities(observeLocks({ ...locks, tables: 6401 }))).toEqual(['info'])
  expect(observeLocks({ ...locks, largest: null, objects: 0 })).toEqual([])
})

test('the memory of a server process counts the tenants that it may serve, and no more than there are', () => {
  const facts = { tenants: 10_000, relations: 87, perConnection: 250, connections: 10 }
  expect(observeMemory(facts)).toEqual([])
  expect(observeMemory({ ...facts, perConnection: 1000 })).toMatchObject([
    { severity: 'warning', fix: expect.stringContaining('to 617,') },
  ])
  expect(observeMemory({ ...facts, perConnection: 1_000_000, tenants: 100 })).toEqual([])
  expect(observeMemory({ ...facts, tenants: 0, relations: 0 })).toEqual([])
})

test('catalogs that take more than half of the buffers are a warning', () => {
  expect(observeBuffers({ catalogs: 64 * 2 ** 20, buffers: 128 * 2 ** 20 })).toEqual([])
  expect(observeBuffers({ catalogs: 450 * 2 ** 20, buffers: 128 * 2 ** 20 })).toMatchObject([
    {
      severity: 'warning',
      seen: expect.stringContaining('450 MiB, and shared_buffers is 128 MiB'),
      fix: expect.stringContaining('900 MiB'),
    },
  ])
})

test('the age of transaction numbers is a warning at twice the age of freezing, and an error at half of the limit', () => {
  const ages = { age: 399_999_999, freezeAt: 200_000_000, multixactAge: 0, multixactFreezeAt: 400_000_000 }
  expect(observeAges(ages)).toEqual([])
  expect(severities(observeAges({ ...ages, age: 400_000_000 }))).toEqual(['warning'])
  expect(severities(observeAges({ ...ages, age: 1_000_000_000 }))).toEqual(['error'])
  expect(observeAges({ ...ages, multixactAge: 900_000_000 })).toMatchObject([
    { severity: 'warning', seen: expect.stringContaining('multixact') },
  ])
})

test('connections are too few when all instances together may open more, and nearly all at 80 %', () => {
  expect(tooFew({ available: 97, inUse: 1, hosts: 6 }, 14)).toEqual([])
  expect(severities(tooFew({ available: 97, inUse: 1, hosts: 7 }, 14))).toEqual(['warning'])
  expect(tooFew({ available: 97, inUse: 1, hosts: 0 }, 98)).toHaveLength(1)
  expect(nearlyAll({ available: 100, inUse: 79, hosts: 1 })).toEqual([])
  expect(nearlyAll({ available: 100, inUse: 80, hosts: 1 })).toHaveLength(1)
})

test('a connection over a network needs TLS', () => {
  expect(observeTls('The application', { isEncrypted: false, isLocal: true, serverHasTls: false })).toEqual([])
  expect(observeTls('The application', { isEncrypted: true, isLocal: false, serverHasTls: true })).toEqual([])
  expect(severities(observeTls('The application', { isEncrypted: false, isLocal: false, serverHasTls: true }))).toEqual([
    'warning',
  ])
})

test('tables of pg_catalog that lag behind are one finding, which names the worst', () => {
  expect(lagging([])).toEqual([])
  const table = { table: 'pg_attribute', dead: 2_000_000, live: 900_000, vacuumed: null }
  expect(lagging([table, { ...table, table: 'pg_class' }])).toMatchObject([
    { severity: 'warning', seen: expect.stringContaining('"pg_attribute", "pg_class": pg_attribute has 2,000,000 dead rows') },
  ])
})

test('versions that are not tested are found', () => {
  expect(serverVersion(140_000)).toEqual([])
  expect(serverVersion(180_004)).toEqual([])
  expect(severities(serverVersion(130_012))).toEqual(['error'])
  expect(severities(serverVersion(190_000))).toEqual(['warning'])
  expect([driverVersion('8.16.3'), driverVersion(undefined), nodeVersion('24.1.0')]).toEqual([[], [], []])
  expect(severities([...driverVersion('9.0.0'), ...nodeVersion('25.0.0')])).toEqual(['warning', 'info'])
})

test('schemas with the same trouble are one finding, with the first of their names', () => {
  const status = { target: 'acme', tenantId: '1', pending: [], ahead: [] }
  const behind = Array.from({ length: 12 }, (_, number) => ({ ...status, target: `t${number}`, pending: ['0002'] }))
  const missing = new TenancyError('SCHEMA_MISSING', 'x', { details: { schema: 'acme' } })
  const found = observeHeads([
    { target: 'shared', pending: ['0002'], ahead: [] },
    ...behind,
    { ...status, ahead: ['0003'] },
    { ...status, problem: new Error('secret') },
    { ...status, problem: missing },
  ])
  expect(found.map(({ seen }) => seen)).toEqual([
    'The tenant "acme" cannot be migrated: an error.',
    'The shared schema is behind: this version of the code has migrations that were not applied.',
    '12 tenants ("t0", "t1", "t2", "t3", "t4" and 7 more) are behind: this version of the code has migrations that were not applied.',
    'The tenant "acme" is ahead: a newer deploy has applied migrations that this version of the code does not have.',
  ])
  expect(
    observeScopes([
      { ...status, fallingThrough: ['leads'] },
      { ...status, target: 'globex', fallingThrough: ['leads'] },
    ]),
  ).toMatchObject([
    { severity: 'error', seen: expect.stringMatching(/^Of 2 tenants \("acme", "globex"\): the schema lacks "leads"/) },
  ])
})

test('a sequence is a warning at 80 % and an error at 95 %', () => {
  const sequence = { schema: 'acme', sequence: 'id_seq', limit: '32767', column: null, used: 0.94 }
  expect(severities(observeSequences([sequence]))).toEqual(['warning'])
  expect(severities(observeSequences([sequence, { ...sequence, schema: 'globex', used: 0.95 }]))).toEqual(['error'])
})
