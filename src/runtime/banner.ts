/** The start message on a terminal: the address, the demo logins, and a first request. */

const demoLogins = [
  ['driver@example.com', 'driver, opens tickets'],
  ['admin@example.com', 'admin, sees and does everything'],
  ['agent@example.com', 'agent, answers tickets'],
] as const;
const demoPassword = 'deskwire-demo';

export function welcome(url: string, demo: boolean): string {
  const lines = ['', `  Deskwire is ready at ${url}`, ''];
  if (demo) {
    lines.push(`  Demo logins, all with the password ${demoPassword}:`);
    for (const [email, description] of demoLogins) lines.push(`    ${email.padEnd(20)} ${description}`);
    lines.push('', '  Try:');
    lines.push(`    curl -s ${url}/api/v1/auth/login -H 'content-type: application/json' \\`);
    lines.push(`      -d '{"email":"driver@example.com","password":"${demoPassword}"}'`, '');
  }
  lines.push('  Ctrl-C stops it and everything that it started.', '', '');
  return lines.join('\n');
}
