import { expect, test } from 'vitest'
import { library } from './library.ts'

test('a library that is not installed is asked for by name', async () => {
  const missing: string = 'no-such-library-at-all'
  await expect(library('knex', () => import(missing))).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining('npm install knex'),
    cause: expect.anything(),
  })
})
