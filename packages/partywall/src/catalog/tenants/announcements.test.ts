import { expect, test } from 'vitest'
import { parseAnnouncement } from './announcements.ts'

const id = '0195c1a0-0000-4000-8000-000000000001'

test('parseAnnouncement reads what the triggers write', () => {
  expect(parseAnnouncement(`tenant ${id} 12 7 suspended`)).toEqual({
    kind: 'tenant',
    id,
    state: { revision: 12, generation: 7, status: 'suspended', isDeleted: false },
  })
  expect(parseAnnouncement(`deleted ${id}`)).toEqual({ kind: 'deleted', id })
  expect(parseAnnouncement(`domain ${id}`)).toEqual({ kind: 'domain', id })
  expect(parseAnnouncement(`settings ${id}`)).toEqual({ kind: 'settings', id })
  expect(parseAnnouncement('all')).toEqual({ kind: 'all' })
})

test.each(['', 'tenant', `tenant ${id}`, `tenant ${id} x 7 active`, `tenant ${id} 12 7 gone`, 'deleted acme', `other ${id}`])(
  'parseAnnouncement takes %j, which no trigger writes, for a change of everything',
  (text) => expect(parseAnnouncement(text)).toEqual({ kind: 'all' }),
)
