import { PrismaPg } from '@prisma/adapter-pg'
import { tenantPrisma } from 'partywall/prisma'
import { PrismaClient } from './generated/prisma/client.ts'
import type { AppTenancy } from './tenancy.ts'

export interface Project {
  id: number
  title: string
}

/** The projects of the current tenant: each statement goes to its schema, and is refused outside of every tenant. */
export function projectsOf(tenancy: AppTenancy) {
  const prisma = tenantPrisma(tenancy, PrismaPg, (adapter) => new PrismaClient({ adapter }))
  return {
    async list(): Promise<Project[]> {
      return prisma.project.findMany({ orderBy: { id: 'asc' } })
    },

    async add(title: string): Promise<Project> {
      return prisma.project.create({ data: { title } })
    },
  }
}

export type Projects = ReturnType<typeof projectsOf>
