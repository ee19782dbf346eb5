/** The operations of a tenant's life, each with its way back. They run in a database that `ground` has prepared. */
import type { Client } from 'pg'
import type { Config, Tenancy } from '../../../src/index.ts'

export interface Operation {
  run(tenancy: Tenancy<any>): Promise<unknown>
  /** From the state after it back to the state before it. */
  undo(tenancy: Tenancy<any>, admin: Client): Promise<unknown>
  /** Completes what was left half-made; absent where nothing may be. */
  resume?(tenancy: Tenancy<any>): Promise<unknown>
  readonly config?: Config<any>
}

const remove = (schema: string) => (tenancy: Tenancy<any>) => tenancy.tenants.delete(schema, { confirm: schema })
const create = (schema: string) => (tenancy: Tenancy<any>) =>
  tenancy.tenants.create({ schema, domains: [`${schema}.example.com`] })
const books = { schema: 'books', tables: ['books'], kind: 'shop', domains: ['books.example.com'] } as const

export const operations: Readonly<Record<string, Operation>> = {
  create: { run: create('fresh'), undo: remove('fresh') },
  'create with seeds': {
    run: create('fresh'),
    undo: remove('fresh'),
    resume: ({ tenants }) => tenants.resume('fresh'),
    config: { seeds: 'seeds' },
  },
  clone: {
    run: ({ tenants }) => tenants.clone('acme', { schema: 'copy', mask: { 'notes.text': 'hash' } }),
    undo: remove('copy'),
  },
  rename: {
    run: ({ tenants }) => tenants.rename('acme', { schema: 'globex', name: 'Globex' }),
    undo: ({ tenants }) => tenants.rename('globex', { schema: 'acme', name: 'acme' }),
  },
  archive: { run: ({ tenants }) => tenants.archive('acme'), undo: ({ tenants }) => tenants.restore('acme') },
  restore: { run: ({ tenants }) => tenants.restore('old'), undo: ({ tenants }) => tenants.archive('old') },
  delete: { run: remove('gone'), undo: create('gone'), resume: remove('gone') },
  'adopt tables': { run: ({ tenants }) => tenants.adopt(books), undo: ({ tenants }) => tenants.release('books') },
  'adopt in place': {
    run: ({ tenants }) => tenants.adopt({ schema: 'shelf', inPlace: true, kind: 'shelf' }),
    async undo({ tenants }, admin) {
      await tenants.release('shelf', { inPlace: true })
      await admin.query('drop table shelf.partywall_migrations')
    },
  },
  release: { run: ({ tenants }) => tenants.release('books'), undo: ({ tenants }) => tenants.adopt(books) },
  'save a template': {
    run: ({ templates }) => templates.save('demo', { from: 'acme', rows: ['notes'] }),
    undo: ({ templates }) => templates.drop('demo'),
    // A run of migrations examines it.
    resume: ({ migrations }) => migrations.run(),
  },
  'drop a template': {
    run: ({ templates }) => templates.drop('demo'),
    undo: ({ templates }) => templates.save('demo', { from: 'acme', rows: ['notes'] }),
  },
}

/** Those that need what another one has made. */
export const needs: Readonly<Record<string, (tenancy: Tenancy<any>) => Promise<unknown>>> = {
  async restore(tenancy) {
    if ((await tenancy.tenants.list({ status: 'archived' })).length > 0) return
    await create('old')(tenancy)
    await tenancy.tenants.archive('old')
  },
  delete: async (tenancy) => (await tenancy.tenants.find('gone')) ?? create('gone')(tenancy),
  release: async ({ tenants }) => (await tenants.find('books')) ?? tenants.adopt(books),
  'drop a template': async ({ templates }) =>
    (await templates.list()).find(({ name }) => name === 'demo') ?? templates.save('demo', { from: 'acme', rows: ['notes'] }),
}
