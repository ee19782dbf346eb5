/** The users of the current tenant. A password is stored as its scrypt hash. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Pool } from 'pg'

const hash = promisify<string, Buffer, number, Buffer>(scrypt)

/** Hashed where there is no user, so that the time of an answer does not tell which addresses exist. */
const stranger = { id: undefined, salt: randomBytes(16), hash: Buffer.alloc(64) }

export function usersOf(pool: Pool) {
  return {
    /** Refused with an error of PostgreSQL (23505) where the address is taken. */
    async create({ email, password }: { email: string; password: string }): Promise<{ id: string }> {
      const salt = randomBytes(16)
      const { rows } = await pool.query<{ id: string }>(
        'insert into users (email, salt, hash) values (lower($1), $2, $3) returning id',
        [email, salt, await hash(password, salt, 64)],
      )
      return rows[0]!
    },

    /** The user who has this address and this password. */
    async idOf(email: string, password: string): Promise<string | undefined> {
      // PostgreSQL has no zero byte in a text, and a long password costs time.
      if (email.includes('\0') || email.length > 320 || password.length > 1024) return undefined
      const { rows } = await pool.query<{ id: string; salt: Buffer; hash: Buffer }>(
        'select id, salt, hash from users where email = lower($1)',
        [email],
      )
      const user = rows[0] ?? stranger
      return timingSafeEqual(await hash(password, user.salt, 64), user.hash) ? user.id : undefined
    },
  }
}
