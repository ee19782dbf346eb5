/** What goes wrong in a fleet and in its server: the doctor names it, with the tenants, and goes on where it may not look. */
import { rm } from 'node:fs/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { renderDoctor } from '../../src/cli/doctor/render.ts'
import type { Examination } from '../../src/doctor/context/examination.ts'
import { examine } from '../../src/doctor/doctor.ts'
import { examinations } from '../../src/doctor/examinations.ts'
import { createTenancy, type DoctorReport, type Finding } from '../../src/index.ts'
import { folderWith, inFolder } from '../cli/partywall.ts'
import { testDatabase } from '../support/servers/database.ts'
import { openRegistry, writeFiles } from '../support/tenants/registry.ts'

const { directUrl: url, name } = await testDatabase()
const root = await folderWith({
  'migrations/shared/0001_countries.sql': 'create table countries (id int);',
  'migrations/tenant/0001_projects.sql': `
    create table projects (id serial primary key, title text);
    create table events (id bigserial primary key, kind smallint);
    create sequence numbers maxvalue 1000;
    create sequence unowned;
    create table invoices (number integer default nextval('unowned'));`,
})
const tenancy = createTenancy({ root, database: url })
const admin = new Client(url)
let before: DoctorReport
let after: DoctorReport

beforeAll(async () => {
  await admin.connect()
  await tenancy.migrations.run()
  for (const schema of ['acme', 'globex', 'initech', 'umbrella', 'hooli', 'left']) await tenancy.tenants.create({ schema })
  before = await tenancy.doctor()
  await writeFiles(root, { 'migrations/tenant/0002_notes.sql': 'create table notes (id int);' })
  await admin.query(`
    select setval('acme.projects_id_seq', 2100000000), setval('globex.projects_id_seq', 1800000000), setval('acme.numbers', 990);
    select setval('acme.events_id_seq', 3000000000), setval('initech.unowned', 2140000000);
    drop schema umbrella cascade;
    delete from partywall.tenants where schema = 'left'`)
  await admin.query(`
    create table initech.countries (id int);
    update acme.partywall_migrations set name = 'other';
    insert into hooli.projects (title) values ('twice'), ('twice')`)
  await admin.query('comment on table acme.partywall_migrations is null')
  await admin.query('create unique index concurrently once on hooli.projects (title)').catch(() => {})
  after = await tenancy.doctor()
}, 60_000)

afterAll(async () => {
  await tenancy.close()
  await admin.end()
  await rm(root, { recursive: true, force: true })
})

const seenBy = (report: DoctorReport, id: string): string[] =>
  report.findings.filter((one) => one.id === id).map((one) => one.seen)

test('tenancy.doctor finds no error in a sound fleet, and leaves out what is about roles', () => {
  expect(before.findings.filter(({ severity }) => severity === 'error')).toEqual([])
  expect(before.ok).toBe(true)
  const leftOut = before.examinations.filter(({ state }) => state === 'left out')
  expect(
    leftOut.every(
      ({ id, why }) => id >= 'PW-120' && why === "every tenant has the boundary 'path', and there are no roles of tenants",
    ),
  ).toBe(true)
  expect(before.examinations.filter(({ state }) => state === 'failed')).toEqual([])
})

test('tenancy.doctor summarises the tenants that are behind, and those whose history does not fit', () => {
  expect(seenBy(after, 'PW-105')).toEqual([
    'The tenant "acme" cannot be migrated: MIGRATION_CHANGED.',
    '3 tenants ("globex", "hooli", "initech") are behind: this version of the code has migrations that were not applied.',
  ])
})

test('tenancy.doctor finds a table that is in a tenant and in the shared schema', () => {
  expect(seenBy(after, 'PW-106')).toContainEqual(expect.stringContaining('"countries"'))
})

test('tenancy.doctor finds a tenant without a schema, and a schema without a tenant', () => {
  expect(seenBy(after, 'PW-107')).toEqual([
    'The database has no schema for the tenant "umbrella": every query of such a tenant is refused.',
    '1 schema looks like that of a tenant, and no tenant has it: "left". No migration reaches it.',
  ])
  expect(after.findings.find(({ id }) => id === 'PW-107')).toMatchObject({ tenant: 'umbrella', severity: 'error' })
})

test('tenancy.doctor finds an index that is not valid', () => {
  const finding = after.findings.find(({ id }) => id === 'PW-109')
  expect(finding).toMatchObject({ severity: 'error', tenant: 'hooli', seen: expect.stringContaining('"once" on "projects"') })
})

test('tenancy.doctor finds sequences near their end, and near the end of the columns that take their values', () => {
  const texts = seenBy(after, 'PW-110').map((text) => text.slice(0, text.indexOf(', and inserts')))
  expect(texts.toSorted()).toEqual([
    'The sequence "numbers" has used 99 % of its values in the tenant "acme": it ends at 1,000',
    'The sequence "projects_id_seq" has used 97 % of its values in 2 tenants ("acme", "globex"): it ends at 2,147,483,647',
    'The sequence "unowned" has used 99 % of its values in the tenant "initech": the column invoices.number ends at 2,147,483,647',
  ])
})

test('tenancy.doctor reports errors first, and is not ok with one', () => {
  expect(after.ok).toBe(false)
  const order = after.findings.map(({ severity }) => ['error', 'warning', 'info'].indexOf(severity))
  expect(order).toEqual(order.toSorted())
})

test('tenancy.doctor changes nothing', async () => {
  const state = `select md5(string_agg(concat(oid, relname, relacl::text), ',' order by oid)) as state from pg_class`
  const first = (await admin.query(state)).rows
  await tenancy.doctor()
  expect((await admin.query(state)).rows).toEqual(first)
})

test('tenancy.doctor reports what its role may not read, and examines the rest', async () => {
  const limited = `${name}_limited`
  await admin.query(`create role ${limited} login password 'x'`)
  const other = createTenancy({ root, database: Object.assign(new URL(url), { username: limited, password: 'x' }).href })
  try {
    const report = await other.doctor()
    const refused = report.findings.filter(({ seen }) => seen.includes('It could not be examined: permission denied for'))
    // One finding for all of them.
    expect(refused).toEqual([expect.objectContaining({ severity: 'warning', seen: expect.stringContaining('PW-107') })])
    const failed = report.examinations.filter(({ state }) => state === 'failed').map(({ id }) => id)
    expect(failed.length).toBeGreaterThan(5)
    expect(failed.filter((id) => id !== refused[0]!.id && !refused[0]!.seen.includes(id))).toEqual([])
    expect(report.examinations.find(({ id }) => id === 'PW-107')).toMatchObject({ state: 'failed' })
    expect(report.examinations.find(({ id }) => id === 'PW-114')).toMatchObject({ state: 'done' })
  } finally {
    await other.close()
    await admin.query(`drop role ${limited}`)
  }
})

const failing = async (): Promise<never> => Promise.reject(new Error('row 42 of acme'))

test('examinations run side by side, and one that crashes is a finding without its message', async () => {
  const { database, close } = openRegistry(url)
  const { deploy, login } = database
  const parts = {
    deploy,
    login,
    options: tenancy.options,
    hasDeploy: false,
    isEmbedded: false,
    route: () => database.route(),
    statuses: failing,
  }
  const divides: Examination = {
    id: 'PW-109',
    title: 'Divides',
    run: async ({ askDeploy }) => askDeploy({ text: 'select 1 / 0 as seen' }),
  }
  const writes: Examination = {
    id: 'PW-120',
    title: 'Writes',
    run: async ({ askDeploy }) => askDeploy({ text: 'create table public.written ()' }),
  }
  // The first ends after the second has begun, which holds only if they run side by side; the report keeps their order.
  const begun = Promise.withResolvers<void>()
  const first: Examination = { id: 'PW-101', title: 'First', run: async () => begun.promise.then(() => []) }
  const second: Examination = {
    id: 'PW-102',
    title: 'Second',
    run: async () => {
      begun.resolve()
      return []
    },
  }
  const all = [first, second, ...examinations.slice(4, 7), divides, writes]
  const report = await examine(parts, all).finally(close)
  expect(report.examinations.map(({ id }) => id)).toEqual(all.map(({ id }) => id))
  expect(report.examinations.map(({ state }) => state)).toEqual(['done', 'done', 'failed', 'failed', 'done', 'failed', 'failed'])
  expect(report.findings.map(({ id, seen }) => `${id} ${seen}`)).toEqual(
    expect.arrayContaining([
      'PW-105 It could not be examined: the examination failed with Error. The same holds for PW-106.',
      'PW-109 It could not be examined: SQLSTATE 22012.',
      'PW-120 It could not be examined: SQLSTATE 25006.',
    ]),
  )
  expect(JSON.stringify(report)).not.toContain('row 42')
})

test('tenancy.doctor names a catalog that is missing, older or newer, and installs none', async () => {
  const empty = await testDatabase()
  const plain = createTenancy({ root, database: empty.directUrl })
  const client = new Client(empty.directUrl)
  await client.connect()
  try {
    const report = await plain.doctor()
    expect(seenBy(report, 'PW-104')).toEqual(['The catalog (the schema partywall) is not installed.'])
    expect(report.examinations.find(({ id }) => id === 'PW-107')).toMatchObject({
      state: 'left out',
      why: 'the catalog is not installed',
    })
    expect((await client.query(`select to_regnamespace('partywall') as schema`)).rows).toEqual([{ schema: null }])
    await plain.ready()
    await client.query(`insert into partywall.migrations (number, name, checksum) values (999, 'x', 'x')`)
    expect(seenBy(await plain.doctor(), 'PW-104')).toEqual([expect.stringContaining('The catalog has version 999')])
    await client.query('delete from partywall.migrations where number > 1')
    // One that has not looked at the catalog yet would install what is missing, or the shared schema.
    await client.query('drop schema public')
    const fresh = createTenancy({ root, database: empty.directUrl })
    const older = await fresh.doctor().finally(() => fresh.close())
    expect(seenBy(older, 'PW-104')).toEqual([
      expect.stringContaining('The catalog has version 1,'),
      'The configuration names 1 schema that the database does not have: "public".',
    ])
    const heads = older.examinations.find(({ id }) => id === 'PW-105')
    expect(heads).toMatchObject({ state: 'left out', why: 'the catalog is not in the version that this partywall knows' })
    expect(
      (await client.query(`select max(number) as number, to_regnamespace('public') as schema from partywall.migrations`)).rows,
    ).toEqual([{ number: 1, schema: null }])
  } finally {
    await plain.close()
    await client.end()
  }
})

test('tenancy.doctor reports a server that cannot be reached, and no password', async () => {
  const nowhere = createTenancy({ root, database: 'postgres://me:s3cret@127.0.0.1:1/shop' })
  const report = await nowhere.doctor()
  await nowhere.close()
  expect(report.ok).toBe(false)
  expect(report.findings).toEqual([
    expect.objectContaining({ id: 'PW-101', severity: 'error', seen: expect.stringContaining('127.0.0.1:1') }),
  ])
  expect(report.examinations.filter(({ state }) => state === 'left out')).toHaveLength(report.examinations.length - 1)
  expect(JSON.stringify(report)).not.toContain('s3cret')
})

test('partywall doctor exits with 1 for an error, and prints the report as one document', async () => {
  await writeFiles(root, { 'partywall.config.ts': 'export default { database: process.env.DATABASE_URL }' })
  const { code, json } = await inFolder(root, url).run('doctor --json')
  expect(code).toBe(1)
  expect(Object.keys(json)).toEqual(['ok', 'findings', 'examinations', 'durationMs'])
  expect(json.findings.map(({ id }: Finding) => id)).toEqual(after.findings.map(({ id }) => id))
})

test('partywall doctor prints each finding with what to do, what was left out, and a summary', () => {
  const text = renderDoctor(after)
  expect(text).toContain(
    'error PW-107  Tenants without a schema, and schemas without a tenant\n  seen: The database has no schema for the tenant "umbrella"',
  )
  expect(text).toMatch(/^left out, because every tenant has the boundary 'path', .*PW-120, PW-121/m)
  expect(text.split('\n').at(-1)).toMatch(/^\d+ errors?, \d+ warnings?, 16 examinations, \d+ left out in \d/)
})
