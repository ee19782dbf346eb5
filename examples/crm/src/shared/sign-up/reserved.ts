/** Addresses that no tenant gets: those of this app, now or later, and those with which one could pass for it. */
const reserved = new Set(
  `about abuse account accounts admin administrator api app apps assets auth autoconfig autodiscover billing blog cdn central config console contact
  crm dashboard default demo-admin dev dns docs domain download email enter example files ftp gateway help home host hostmaster imap info internal invoice
  invoices join legal localhost login logout mail main marketing master media metrics monitoring mta-sts mx my news noreply ns ns1 ns2 oauth office official operator
  operators partywall pay payment payments payroll pop pop3 postmaster pricing privacy private public ready root sales security shared sign-in sign-up signin signup site
  smtp sso staff staging static status store support sysadmin system tenant tenants terms test tls tools translate update uploads user users vpn web webhook
  webhooks webmail webmaster wiki wpad www www1 www2`.split(/\s+/),
)

export function isReserved(address: string): boolean {
  // Punycode looks like another name in a browser.
  return reserved.has(address) || address.startsWith('xn-') || address.startsWith('www-') || address.startsWith('admin-')
}
