import { expect, test } from 'vitest'
import { loadLibrary } from './tool-code.ts'

test('loadLibrary refuses a library that is not installed, with the command that installs it', async () => {
  const missing: string = 'no-such-library-at-all'
  await expect(loadLibrary('knex', () => import(missing))).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining('npm install knex'),
    cause: expect.anything(),
  })
})
