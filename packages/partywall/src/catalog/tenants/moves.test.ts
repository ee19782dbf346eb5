import { expect, test } from 'vitest'
import { assertMayMove, moves, type Move } from './moves.ts'
import { tenantStatuses } from './selection.ts'

test('no move leads out of the deletion, and only restore and delete leave the archive', () => {
  expect(movesFrom('deleting')).toEqual([])
  expect(movesFrom('archived')).toEqual(['migrate', 'dump', 'restore', 'delete'])
})

test('a move starts from the states of the table, and from no other', () => {
  for (const move of Object.keys(moves) as Move[]) {
    for (const status of tenantStatuses) {
      const attempt = (): void => assertMayMove({ schema: 'acme', status }, move)
      if ((moves[move].from as readonly string[]).includes(status)) attempt()
      else
        expect(attempt).toThrow(
          expect.objectContaining({ code: 'INVALID_TENANT_MOVE', details: { schema: 'acme', status, move } }),
        )
    }
  }
})

function movesFrom(status: string): string[] {
  return Object.entries(moves).flatMap(([move, { from }]) => ((from as readonly string[]).includes(status) ? [move] : []))
}
