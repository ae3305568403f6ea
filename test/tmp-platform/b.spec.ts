it('none', () => { expect(1).toBe(1); });
