/** Secrets that are given out once. The database has their hash: 32 random bytes need no slow one. */
import { createHash, randomBytes } from 'node:crypto'

export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

export function isSecret(text: unknown): text is string {
  return typeof text === 'string' && /^[\w-]{43}$/.test(text)
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
