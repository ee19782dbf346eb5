import { spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import { describe, expect, test, vi } from 'vitest'
import { tenantPrisma } from '../../src/orm/prisma.ts'
import { ormContract, refused, type OrmOperations, type OrmTransaction } from '../contract/orm.ts'
import { withSecondPg } from '../support/pools/second-pg.ts'

const { PrismaClient } = await generate(`
generator client {
  provider = "prisma-client"
  output   = "./generated"
}

datasource db {
  provider = "postgresql"
}

enum mood {
  calm
  busy
  wild
}

model Author {
  id    Int    @id @default(autoincrement())
  name  String
  books Book[]

  @@map("authors")
}

model Book {
  id       Int      @id
  authorId Int      @map("author_id")
  author   Author   @relation(fields: [authorId], references: [id])
  title    String
  plan     String
  price    Plan     @relation(fields: [plan], references: [name])
  mood     mood
  moods    mood[]
  tags     String[]

  @@map("books")
}

model Plan {
  name  String @id
  price Int
  books Book[]

  @@map("plans")
}
`)

const levels = {
  'read committed': 'ReadCommitted',
  'repeatable read': 'RepeatableRead',
  serializable: 'Serializable',
} as const

function operations(client: any): OrmOperations {
  const byId = { orderBy: { id: 'asc' } }
  return {
    addAuthor: (data) => told(client.author.create({ data })),
    renameAuthor: (id, name) => told(client.author.update({ where: { id }, data: { name } })),
    removeAuthor: (id) => told(client.author.delete({ where: { id } })),
    authors: () => told(client.author.findMany(byId)),
    addBook: ({ authorId, plan, ...book }) =>
      told(client.book.create({ data: { ...book, author: { connect: { id: authorId } }, price: { connect: { name: plan } } } })),
    books: () => told(client.book.findMany(byId)),
    authorsWithBooks: async () => {
      const authors: any[] = await told(client.author.findMany({ ...byId, include: { books: byId } }))
      return authors.map(({ name, books }) => ({ name, books: books.map(({ title }: any) => title) }))
    },
    booksWithPrice: async () => {
      const books: any[] = await told(client.book.findMany({ ...byId, include: { price: true } }))
      return books.map(({ title, price }) => ({ title, price: price.price }))
    },
    raw: (text, values = []) => told(client.$queryRawUnsafe(text, ...values)),
  }
}

function transaction(client: any): OrmTransaction {
  return { ...operations(client), nested: (work) => client.$transaction((inner: any) => work(transaction(inner))) }
}

/** Prisma has error codes of its own; the suite needs the code of the server. */
async function told<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    const cause = (error as any).meta?.driverAdapterError?.cause
    if (cause?.originalCode !== undefined) throw Object.assign(new Error('from the server'), { code: cause.originalCode })
    throw error
  }
}

let prisma: any

const { tenancy, tenants, admin, empty } = await ormContract(
  'Prisma',
  (on) => {
    prisma = tenantPrisma(on, PrismaPg, (adapter) => new PrismaClient({ adapter }))
    return {
      ...operations(prisma),
      transaction: (work, level = 'read committed') =>
        prisma.$transaction((client: any) => work(transaction(client)), {
          isolationLevel: levels[level],
          maxWait: 10_000,
          timeout: 10_000,
        }),
      close: () => prisma.$disconnect(),
    }
  },
  {
    lacks: {
      streaming: 'Prisma reads a result at once; read in pages, or stream with tenancy.pool and pg-query-stream',
    },
  },
)
const [a, b] = tenants as [(typeof tenants)[0], (typeof tenants)[0]]

const fillThree = async (): Promise<void> => {
  await empty()
  for (const { schema } of tenants) {
    await admin.query(`insert into "${schema}".authors select n, $1 || n from generate_series(1, 3) as n`, [schema])
  }
}
/** The same calls of all tenants, in one tick. */
const findInOneTick = (client: any): Promise<(string | undefined)[]> =>
  Promise.all(
    [1, 2, 3].flatMap((id) =>
      tenants.map((tenant) => tenancy.run(tenant, async () => (await client.author.findUnique({ where: { id } }))?.name)),
    ),
  )

const nameOfFirst = async (on: any = prisma): Promise<unknown> => (await on.author.findUnique({ where: { id: 1 } }))?.name

describe('tenantPrisma', () => {
  const ownNames = [1, 2, 3].flatMap((id) => tenants.map(({ schema }) => `${schema}${id}`))

  test('sends the findUnique calls of two tenants in one tick separately', async () => {
    await fillThree()
    for (let round = 0; round < 5; round++) expect(await findInOneTick(prisma)).toEqual(ownNames)
  })

  test('sends the findUnique calls of a tenant, of the shared scope and of a transaction in one tick separately', async () => {
    await fillThree()
    await admin.query(
      `create table public.authors (id int primary key, name text); insert into public.authors values (1, 'shared')`,
    )
    for (let round = 0; round < 5; round++) {
      expect(
        await Promise.all([
          tenancy.run(a, () => nameOfFirst()),
          tenancy.runShared(() => nameOfFirst()),
          refused(nameOfFirst()).then(refusalOf),
          tenancy.run(tenants[1]!, () => nameOfFirst()),
        ]),
      ).toEqual([`${a.schema}1`, 'shared', 'NO_TENANT', `${tenants[1]!.schema}1`])
    }
    const inTransaction = await tenancy.run(a, () =>
      prisma.$transaction((tx: unknown) =>
        Promise.all([nameOfFirst(tx), tenancy.run(tenants[1]!, async () => refusalOf(await refused(nameOfFirst(tx))))]),
      ),
    )
    expect(inTransaction).toEqual([`${a.schema}1`, 'WRONG_TENANT'])
    await admin.query('drop table public.authors')
  })

  test('protects from Prisma alone, where such calls of four tenants become one query in the scope of one', async () => {
    const seen: unknown[] = []
    const factory = new PrismaPg(tenancy.pool)
    const connect = async () =>
      Object.assign(Object.create(await factory.connect()), {
        queryRaw: async () => {
          seen.push(tenancy.tryCurrent()?.schema)
          return { columnNames: ['id', 'name'], columnTypes: [0, 7], rows: [] }
        },
      })
    const naive = new PrismaClient({ adapter: Object.assign(Object.create(factory), { connect }) })
    await Promise.all(tenants.map((tenant) => tenancy.run(tenant, async () => naive.author.findUnique({ where: { id: 1 } }))))
    expect(seen).toEqual([a.schema])
    await naive.$disconnect()
  })

  test('still collects the findUnique calls of one tenant into one query', async () => {
    await fillThree()
    const query = vi.spyOn(tenancy.pool, 'query')
    await tenancy.run(a, () => Promise.all([1, 2, 3].map((id) => prisma.author.findUnique({ where: { id } }))))
    expect(query).toHaveBeenCalledTimes(1)
    query.mockRestore()
  })

  test('runs the list form of $transaction in its tenant, while other tenants do the same', async () => {
    await fillThree()
    const answers = await Promise.all(
      tenants.map((tenant) =>
        tenancy.run(tenant, async () =>
          prisma.$transaction([
            prisma.author.findUnique({ where: { id: 1 } }),
            prisma.author.update({ where: { id: 2 }, data: { name: 'changed' } }),
            prisma.$queryRaw`select current_schema() as schema`,
            prisma.author.count(),
          ]),
        ),
      ),
    )
    for (const [index, [one, two, raw, count]] of answers.entries()) {
      const { schema } = tenants[index]!
      expect(one.name).toBe(`${schema}1`)
      expect(two.name).toBe('changed')
      expect(raw).toEqual([{ schema }])
      expect(count).toBe(3)
    }
  })

  test('writes nested rows, counts, groups and upserts in its tenant, and names no schema in the SQL', async () => {
    await empty()
    const calm = { plan: 'free', mood: 'calm', moods: ['wild'], tags: ['x'] }
    const texts: string[] = []
    const query = vi.spyOn(tenancy.pool, 'query')
    await tenancy.run(a, async () => {
      await prisma.author.create({
        data: { id: 1, name: 'one', books: { create: [1, 2].map((id) => ({ id, title: `t${id}`, ...calm })) } },
      })
      await prisma.author.upsert({ where: { id: 1 }, create: { id: 1, name: 'x' }, update: { name: 'uno' } })
      expect(await prisma.author.findMany({ include: { _count: { select: { books: true } } } })).toEqual([
        { id: 1, name: 'uno', _count: { books: 2 } },
      ])
      expect(await prisma.book.groupBy({ by: ['mood'], _count: { _all: true } })).toEqual([{ mood: 'calm', _count: { _all: 2 } }])
      expect(
        await prisma.book.findMany({ where: { moods: { has: 'wild' }, mood: { in: ['calm'] }, tags: { hasSome: ['x'] } } }),
      ).toHaveLength(2)
      expect(await prisma.book.updateManyAndReturn({ data: { moods: { push: 'busy' } }, select: { moods: true } })).toEqual([
        { moods: ['wild', 'busy'] },
        { moods: ['wild', 'busy'] },
      ])
    })
    for (const [config] of query.mock.calls as any[]) texts.push(config.text)
    query.mockRestore()
    expect(texts.length).toBeGreaterThan(4)
    expect(texts.filter((text) => text.includes('partywall_') || text.includes('public'))).toEqual([])
    expect((await admin.query(`select count(*)::int from "${b.schema}".authors`)).rows).toEqual([{ count: 0 }])
  })

  test('reports a violated unique index as P2002, without an effect on the next tenant', async () => {
    await fillThree()
    const error: any = await tenancy.run(a, () => refused(prisma.author.create({ data: { id: 1, name: 'again' } })))
    expect(error.code).toBe('P2002')
    expect(await tenancy.run(b, async () => prisma.author.count())).toBe(3)
  })

  test('does not change data that look like a qualified name', async () => {
    await empty()
    const name = '"public"."authors" "partywall_". \'x\''
    await tenancy.run(a, async () => {
      await prisma.author.create({ data: { id: 1, name } })
      expect(await prisma.author.findMany({ where: { name: { contains: '"public".' } } })).toEqual([{ id: 1, name }])
      expect(await prisma.$queryRawUnsafe(`select '"tenant".x' as "schema"`)).toEqual([{ schema: '"tenant".x' }])
    })
  })

  test('ends a transaction that takes too long, and gives its connection back', async () => {
    await fillThree()
    await tenancy.run(a, async () => {
      const slow = prisma.$transaction(
        async (client: any) => {
          await client.author.update({ where: { id: 1 }, data: { name: 'slow' } })
          await new Promise((resolve) => setTimeout(resolve, 300))
          await client.author.count()
        },
        { timeout: 100 },
      )
      expect(((await refused(slow)) as any).code).toBe('P2028')
      expect((await prisma.author.findUnique({ where: { id: 1 } })).name).toBe(`${a.schema}1`)
    })
  })

  test('keeps the guard in a client made with $extends', async () => {
    await fillThree()
    const extended = tenantPrisma(tenancy, PrismaPg, (adapter) =>
      new PrismaClient({ adapter }).$extends({
        query: { $allModels: { $allOperations: ({ args, query }: any) => query(args) } },
      }),
    )
    for (let round = 0; round < 3; round++) expect(await findInOneTick(extended)).toEqual(ownNames)
    const later = prisma.$extends({ query: { author: { findUnique: ({ args, query }: any) => query(args) } } })
    for (let round = 0; round < 3; round++) expect(await findInOneTick(later)).toEqual(ownNames)
    await extended.$disconnect()
  })

  test('leaves the pool open when it disconnects, and connects again', async () => {
    await fillThree()
    await prisma.$disconnect()
    expect(await tenancy.run(a, async () => prisma.author.count())).toBe(3)
  })

  test('refuses a second copy of pg, and says how to fix it', async () => {
    const second = (await withSecondPg('@prisma/adapter-pg'))('@prisma/adapter-pg') as { PrismaPg: typeof PrismaPg }
    // It uses a pool of another copy as the options for a pool of its own.
    expect((new second.PrismaPg(tenancy.pool) as any).externalPool, 'what it protects from').toBeNull()
    expect(() => tenantPrisma(tenancy, second.PrismaPg, (adapter) => new PrismaClient({ adapter }))).toThrowError(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('npm ls pg') }),
    )
  })

  test.each(['schema', 'disposeExternalPool'])('refuses the option "%s", and says what to do instead', (option) => {
    expect(() => tenantPrisma(tenancy, PrismaPg, (adapter) => new PrismaClient({ adapter }), { [option]: 'acme' })).toThrowError(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(`refuses the option "${option}"`) }),
    )
  })

  test('refuses a client that it cannot guard', () => {
    expect(() => tenantPrisma(tenancy, PrismaPg, () => ({}))).toThrowError(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('findUnique') }),
    )
  })
})

async function generate(schema: string): Promise<{ PrismaClient: new (options: any) => any }> {
  const root = fileURLToPath(new URL('../../../../', import.meta.url))
  await mkdir(join(root, '.partywall'), { recursive: true })
  const folder = await mkdtemp(join(root, '.partywall', 'prisma-'))
  try {
    await writeFile(join(folder, 'schema.prisma'), schema)
    // `generate` looks for the schema engine, which a real install downloads, and never starts it.
    const engine = join(folder, 'schema-engine.sh')
    await writeFile(engine, '#!/bin/sh\nexit 0\n')
    await chmod(engine, 0o755)
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(root, 'node_modules/prisma/build/index.js'), 'generate'],
      {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: engine, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' },
      },
    )
    if (status !== 0) throw new Error(`prisma generate failed:\n${stdout}${stderr}`)
    return await import(join(folder, 'generated/client.ts'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Prisma puts the message of a refusal into an error of its own. */
function refusalOf(error: unknown): string {
  return /NO_TENANT|WRONG_TENANT/.exec(String(error))?.[0] ?? String(error)
}
