import { z } from 'zod'
import { id, moment, pageOf, pageQuery, userId } from './common.ts'

/** The header line of the file has these names, in any order, large or small letters; `name` is needed, others are left out. */
export const importColumns = ['name', 'contact', 'email', 'phone', 'city', 'country', 'status'] as const
export const mostImportRows = 100_000
export const mostImportBytes = 20 * 1024 * 1024

/** Ask again until `state` is `done` or `failed`. */
export const customerImport = z
  .object({
    id,
    fileName: z.string(),
    state: z.enum(['waiting', 'running', 'done', 'failed']),
    /** Lines with data. Null while they are not counted. */
    total: z.int().nullable(),
    processed: z.int(),
    created: z.int(),
    refused: z.int(),
    /** Why it failed as a whole, in a sentence. */
    reason: z.string().nullable(),
    startedById: userId.nullable(),
    startedByName: z.string().nullable(),
    createdAt: moment,
    endedAt: moment.nullable(),
  })
  .meta({ id: 'CustomerImport' })

/** `line` counts from 1, the line of the header. */
const importError = z.object({ line: z.int(), message: z.string() }).meta({ id: 'ImportError' })

export const importQuery = z.object(pageQuery)
export const importPage = pageOf(customerImport)
export const importErrorPage = pageOf(importError)

export type CustomerImport = z.infer<typeof customerImport>
export type ImportError = z.infer<typeof importError>
