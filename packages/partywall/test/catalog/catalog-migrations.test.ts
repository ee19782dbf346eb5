/** Installed catalogs hold the names and checksums of these migrations: what is released here may never change. */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { catalogMigrations } from '../../src/catalog/install/catalog-migrations.ts'

test('the catalog migrations keep the names and checksums that installed catalogs hold', () => {
  expect(catalogMigrations.map(({ number, name, checksum }) => [number, name, checksum])).toEqual([
    [1, '0001-tenants', '961610ba48b11a48e69dd0ede5e0694e033c95dd313a23ed6129bd6a43d1ed8e'],
    [2, '0002-domains', '997c4f581344a50c11dd980526991efa37ef7ff32a4a7a585a036434ecd5c1b0'],
    [3, '0003-migration-runs', 'ca49ed76a0f47c0a2d557d97410d0fc632d130fbb43e2bfc490e6b4fa8c6a387'],
    [4, '0004-generations', '81e18f6627f9ac17dac474961eb905483f78e7c54617b8158ee08d84d2fa1fe0'],
    [5, '0005-changes', '17f83c34bb0ca0aa1eec9749f8617bea564709be0c84e541f3510563577ea4da'],
    [6, '0006-audit', '8518fde3c653afddfc43b9c93164e4896029bfda6f5496ba84e346556aa8e564'],
    [7, '0007-protect', 'e1f8b63bce74c219a70d3d67c92407d6ce99618561aec2ae6a6990932a125d5c'],
    [8, '0008-logins', 'bb39f16f432b7ad46f0cff4203b47fd8f6b53540b7078e8ec6ceb17e82f7f1c2'],
    [9, '0009-relations', 'ba2fdbfbf3d5ee6bd47a5953a814cd0194904cbcb81e889444240456c288605f'],
    [10, '0010-life', 'cb67f859e0666cb4621f037d8fc2907ad9e856285e5f8a0fe681f296189bcc7e'],
    [11, '0011-blueprints', 'cb4c5cd260af0e569dcaedb1becd446c44c854d7faceb59a4540a8aee00021e3'],
    [12, '0012-templates', '472aa3e39a67ec5248d9f44e0e0bd416230bdecf9411f687bc3d148b64f1111d'],
    [13, '0013-steps', '462ae445176e9280015573a42c9c77712804b79d06bc9f5e9ebc70ece72bc3cf'],
    [14, '0014-warm', '6ec9cb47caeca73e6094afdd733de2b99b33558b5ea481adb4e7645c28d968dd'],
    [15, '0015-members', 'ecd94086d7c1ad25551de6211bc5c517668522228f7b6b6a3f8ae1d0a6c6a72a'],
    [16, '0016-external-id', 'c681dfcb9d6b119d39594e93616ea6f32dfef307dfc5a6b0670176449a84d3fc'],
    [17, '0017-domain-claims', '4445f0a2156df69b5141f343dc85680baad46c36892d1a7e7468aedc7bf476cf'],
    [18, '0018-signing-keys', '4063a40d6496122be4bfe36f5160cacaac5d78cb62dd05dd7bff21fe52e46422'],
    [19, '0019-revoked-tokens', '402d998cf2e4184c6a3ee88bc4806cef29b1754ebcbf9578a11630d72fbbb528'],
    [20, '0020-single-use-tokens', 'b2df54ff6a844e098e7c72e4c98a9105b3cdcedd88156923b0a9b4a97cbff688'],
    [21, '0021-schedules', '7a97baf418eac4340f025822440d33b4e1ca37b217fe351c1e5d5a1ef02b4f6b'],
    [22, '0022-settings', '12dffbaf37d6c9fe73442c4ae04073e04296de3f2d259f3985ded1fffe933872'],
    [23, '0023-fleet-work', '852e6ee4da3cf4ca22040603b37786ef32d6aa8f389348d583c2e42257f2f2a0'],
    [24, '0024-usage', 'd98a0a10166a23171b504e0301094c8ffcaecf049da878a65a5dffb8ad710063'],
    [25, '0025-files', '580f46da4c85edbccfae6e4988ea7d38fed930870c2d8e4619becb84aceaf49d'],
  ])
})

test('the checksum of each catalog migration is the SHA-256 of its text', () => {
  for (const { name, checksum, text } of catalogMigrations) {
    expect([name, createHash('sha256').update(text).digest('hex')]).toEqual([name, checksum])
  }
})
