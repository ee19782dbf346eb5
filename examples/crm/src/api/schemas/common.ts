/** What several schemas are made of. Nothing here is for Node.js alone: the client imports these files for its forms and types. */
import { z } from 'zod'

/** PostgreSQL stores no NUL, and half of a 4-byte character is no text. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

export function plainText(most: number) {
  return z.string().trim().min(1, 'must not be empty').max(most).refine(isStorable, 'must be plain text')
}

/** Empty text, as an empty field of a form sends it, is no text. */
export function optionalText(most: number) {
  return z
    .string()
    .trim()
    .max(most)
    .refine(isStorable, 'must be plain text')
    .nullish()
    .transform((text) => (text === '' ? null : text))
}

export const id = z.int().min(1).max(2_147_483_647)
export const idParam = z.object({ id: z.coerce.number().int().min(1).max(2_147_483_647) })
export const userId = z.string().min(1).max(64)
/** An amount in the smallest unit of the tenant's currency. */
export const cents = z.int().min(0).max(10_000_000_000_000)
/** A day without a time, as an input of the type `date` has it. */
export const day = z.iso.date()
export const moment = z.iso.datetime()
export const emailAddress = z
  .email('must be an e-mail address')
  .max(200)
  .transform((text) => text.toLowerCase())
export const password = z.string().min(10, 'must have 10 characters or more').max(128)

/** Optional references of a record to others, in filters and in bodies. */
export const about = { customerId: id.nullish(), leadId: id.nullish(), projectId: id.nullish() }
export const aboutQuery = {
  customerId: z.coerce.number().int().min(1).max(2_147_483_647).optional(),
  leadId: z.coerce.number().int().min(1).max(2_147_483_647).optional(),
  projectId: z.coerce.number().int().min(1).max(2_147_483_647).optional(),
}

export const flag = z.enum(['true', 'false']).transform((text) => text === 'true')
export const pageQuery = {
  page: z.coerce.number().int().min(1).max(100_000).default(1),
  limit: z.coerce.number().int().min(1).max(100).default(25),
}
export const searchText = z.string().trim().max(200).refine(isStorable, 'must be plain text')

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), total: z.int(), page: z.int(), limit: z.int() })
}

/** Every error of the API (RFC 9457). `errors` is there for a request that does not fit its schema, by the name of the field. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    code: z.string().optional(),
    errors: z.record(z.string(), z.string()).optional(),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof problem>

export type Page<T> = { items: T[]; total: number; page: number; limit: number }
