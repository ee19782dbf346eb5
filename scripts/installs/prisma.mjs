// `prisma generate` looks for the schema engine, which an install with scripts downloads, and never starts it: a stand-in is enough.
import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { tenantPrisma } from 'partywall/prisma'

const folder = import.meta.dirname
const schema = `
  generator client {
    provider               = "prisma-client"
    output                 = "./generated"
    engineType             = "client"
    importFileExtension    = "ts"
    generatedFileExtension = "ts"
  }
  datasource db {
    provider = "postgresql"
    url      = env("DATABASE_URL")
  }
  model Note {
    text String @id
    @@map("notes")
  }`

export async function open(tenancy) {
  const engine = join(folder, 'schema-engine.sh')
  writeFileSync(engine, '#!/bin/sh\nexit 0\n')
  chmodSync(engine, 0o755)
  writeFileSync(join(folder, 'schema.prisma'), schema)
  const program = join(folder, 'node_modules/prisma/build/index.js')
  execFileSync(process.execPath, [program, 'generate', '--schema', 'schema.prisma'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: engine, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' },
  })
  const { PrismaClient } = await import(join(folder, 'generated/client.ts'))
  const prisma = tenantPrisma(tenancy, PrismaPg, (adapter) => new PrismaClient({ adapter }))
  return {
    async read(tenant) {
      const rows = await tenancy.run(tenant, () => prisma.note.findMany())
      return rows.map(({ text }) => text)
    },
    close: () => prisma.$disconnect(),
  }
}
